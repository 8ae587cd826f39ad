import { statSync } from 'node:fs';
import { DatasetError } from '@promptweave/core';
import { classifierFor } from '@promptweave/core/experiment';
import { openClassifier, type OpenedRun, type OpenOptions } from '../runs/open-classifier.js';
import { answeringOf } from './answering.js';
import { Model } from './model.js';

/** How a run is opened; notes are told to nobody unless asked for. */
export interface OpenRunOptions extends Omit<OpenOptions, 'onSkip' | 'imagesSoon'> {
  /** Names of other classes to tell apart than those of the training, where the run's parts can. */
  readonly classes?: readonly string[];
}

const nobody = (): void => undefined;

/**
 * Opens what `promptweave train` or `promptweave import` wrote, or a model that was registered on an MLflow server.
 *
 * @param run the run's folder, a sweep's (its best cell is taken), a `prompts.safetensors` alone, `models:/NAME@ALIAS`, `hf:USER/NAME`, or a
 *   file of `promptweave export --to bundle`
 * @throws CheckpointError, ConfigError or TrackingError, which say what to do
 *
 * @example
 * const model = await openRun('runs/photos');
 * const [best] = await model.predict('holiday.jpg');
 * await model.close();
 */
export async function openRun(run: string, { classes, ...options }: OpenRunOptions = {}): Promise<Model> {
  const exported = await openExported(run, options);
  if (exported && classes) {
    await exported.close();
    throw new DatasetError('This file was exported without the text tower: it knows no other classes.', {
      where: run,
      remedy: "Open the run's folder instead.",
    });
  }
  if (exported) return exported;
  const opened = await openClassifier(run, { onNote: nobody, ...options, onSkip: nobody, imagesSoon: true });
  if (!classes) return new Model(answeringOf(opened));
  try {
    return new Model(answeringOf(withClasses(opened, classes)));
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** A file of `promptweave export --to bundle`; undefined where it is none. What reads it is loaded for it alone. */
async function openExported(run: string, options: OpenOptions): Promise<Model | undefined> {
  if (!statSync(run, { throwIfNoEntry: false })?.isFile()) return undefined;
  const { isBundle } = await import('@promptweave/export');
  if (!(await isBundle(run))) return undefined;
  const { exportedAnswering } = await import('./exported-answering.js');
  return new Model(await exportedAnswering(run, { onNote: nobody, ...options, onSkip: nobody }));
}

function withClasses(opened: OpenedRun, classNames: readonly string[]): OpenedRun {
  requireClasses(classNames);
  const classifier = classifierFor(opened.classifier, { name: 'the classes that were asked for', classNames });
  return {
    ...opened,
    classifier,
    close: async () => {
      if (classifier !== opened.classifier) classifier.disposeOwn();
      await opened.close();
    },
  };
}

/** @throws DatasetError where there are fewer than two, or one twice */
export function requireClasses(classNames: readonly string[]): void {
  const twice = classNames.find((name, c) => classNames.indexOf(name) !== c);
  const empty = classNames.some((name) => name.trim() === '');
  if (classNames.length >= 2 && twice === undefined && !empty) return;
  const what =
    twice !== undefined
      ? `The class "${twice}" is named twice`
      : empty
        ? 'A class has no name'
        : 'There are fewer than two classes';
  throw new DatasetError(`${what}.`, { where: 'classes', remedy: 'Name two classes or more, each once.' });
}
