import { openClassifier, type OpenOptions } from '../runs/open-classifier.js';
import { answeringOf } from './answering.js';
import { Model } from './model.js';

/** How a run is opened; notes are told to nobody unless asked for. */
export type OpenRunOptions = Omit<OpenOptions, 'onSkip'>;

const nobody = (): void => undefined;

/**
 * Opens what `promptweave train` or `promptweave import` wrote, or a model that was registered on an MLflow server.
 *
 * @param run the run's folder, or `models:/NAME@ALIAS`
 * @throws CheckpointError, ConfigError or TrackingError, which say what to do
 *
 * @example
 * const model = await openRun('runs/photos');
 * const [best] = await model.predict('holiday.jpg');
 * await model.close();
 */
export async function openRun(run: string, options: OpenRunOptions = {}): Promise<Model> {
  return new Model(answeringOf(await openClassifier(run, { onNote: nobody, onSkip: nobody, ...options })));
}
