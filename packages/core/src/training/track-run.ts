import { mkdirSync } from 'node:fs';
import { basename, relative, sep } from 'node:path';
import { optionsOf, type ResolvedConfiguration } from '../config/configuration.js';
import type { Environment } from '../contracts/environment.js';
import type { Evaluation } from '../contracts/evaluation.js';
import type { ProtocolSummary } from '../contracts/protocol.js';
import type { RunDataset, RunEvent, RunStart, Tracker, TrackerContext } from '../contracts/tracker.js';
import type { Registry } from '../plugin/registry.js';
import type { TrainEvent } from './events.js';
import { environmentOf, type Surroundings } from './provenance.js';
import { figureOf, figureTitle } from '../figures.js';
import { fileName } from '../file-name.js';
import { runFiles } from './run-folder.js';
import type { RunResult } from './run-result.js';

/** What is recorded of a run besides its events. */
export interface TrackedRun extends Omit<RunStart, 'type' | 'environment'> {
  /** The run's folder. */
  readonly folder: string;
  readonly surroundings?: Surroundings;
  /** See `modulesInUse`. */
  readonly plugins?: Environment['plugins'];
}

/** What came out of a run. */
export interface TrackedOutcome {
  readonly result: RunResult;
  /** Further figures, such as a protocol's. */
  readonly figures?: ProtocolSummary;
  /** Further files of the run's folder to keep, such as pictures. */
  readonly files?: readonly string[];
  readonly datasets?: readonly RunDataset[];
}

/**
 * The tracker that a configuration names, for one run.
 * @throws ConfigError where the tracker's options or its environment are wrong
 */
export function createTracker(
  { tracker }: Pick<ResolvedConfiguration, 'tracker'>,
  registry: Registry,
  context: TrackerContext,
): Tracker {
  return registry.get('tracker', tracker.use).create(context, optionsOf(tracker));
}

/**
 * Records a run by a tracker while it is worked on: start, figures of every step and evaluation, learned prompts, result and
 * confusion matrices, end. The caller closes the tracker.
 *
 * @param work trains and evaluates; it passes its events on, and returns undefined where it was stopped
 * @throws what `work` throws
 *
 * @example
 * const outcome = await trackRun(tracker, { name: 'first', experiment: 'photos', configuration, folder }, async (onEvent) => {
 *   const result = await runExperiment({ ...request, folder, onEvent });
 *   return result && { result };
 * });
 */
export async function trackRun<Outcome extends TrackedOutcome>(
  tracker: Tracker,
  { folder, surroundings, plugins, ...start }: TrackedRun,
  work: (onEvent: (event: TrainEvent) => void) => Promise<Outcome | undefined>,
): Promise<Outcome | undefined> {
  mkdirSync(folder, { recursive: true }); // a tracker may write beside the run from its start on
  const environment = { ...(await environmentOf(surroundings)), ...(plugins && { plugins }) };
  tracker.record({ type: 'start', ...start, environment });
  const toEvents = translator(folder);
  try {
    const outcome = await work((event) => {
      for (const translated of toEvents(event)) tracker.record(translated);
    });
    for (const event of outcome ? outcomeEvents(outcome) : []) tracker.record(event);
    const digests = outcome && digestsOf(outcome.result);
    const { datasets } = outcome ?? {};
    const status = outcome ? 'finished' : 'stopped';
    tracker.record({ type: 'end', status, ...(digests && { digests }), ...(datasets && { datasets }) });
    return outcome;
  } catch (error) {
    tracker.record({ type: 'end', status: 'failed', error: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

/** What a finished run has to show: figures, result, confusion matrices. */
export function outcomeEvents({ result, figures = {}, files = [] }: TrackedOutcome): RunEvent[] {
  const { evaluations, training, parameters, evaluationSeconds } = result;
  const sets = Object.entries(evaluations);
  const values = new Map(Object.entries({ parameters, trainingSeconds: training.seconds, evaluationSeconds }));
  for (const [name, evaluation] of sets) {
    for (const [metric, value] of Object.entries(figuresOf(name, evaluation))) values.set(metric, value);
  }
  for (const [name, entry] of Object.entries(figures)) {
    const figure = figureOf(entry);
    values.set(freeName(figureTitle(name, figure), values), figure.value);
  }
  return [
    { type: 'metrics', step: training.step, values: Object.fromEntries(values) },
    ...[runFiles.result, ...files].map((path): RunEvent => ({ type: 'artifact', path })),
    ...sets.map(([name, evaluation]): RunEvent => {
      return { type: 'artifact', path: `confusion/${fileName(name)}.csv`, content: confusionTable(evaluation) };
    }),
  ];
}

/** A figure's name, or another one where an accuracy of a data set, or a time, has that name. */
function freeName(name: string, taken: ReadonlyMap<string, number>): string {
  return taken.has(name) ? freeName(`figure/${name}`, taken) : name;
}

/** What a finished run was computed from. */
export function digestsOf({ provenance }: RunResult): { readonly checkpoint: string; readonly dataset: string } {
  return { checkpoint: provenance.checkpoint, dataset: provenance.dataset };
}

/** Turns what trainings report into what is recorded. A second training within the run counts its steps anew, under its own names. */
function translator(folder: string): (event: TrainEvent) => RunEvent[] {
  let trainings = 0;
  return (event) => {
    if (event.type === 'start') trainings += 1;
    const prefix = trainings > 1 ? `training-${trainings}/` : '';
    const metrics = (step: number, values: Record<string, number>): RunEvent[] => {
      const named = Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value] as const);
      return [{ type: 'metrics', step, values: Object.fromEntries(named) }];
    };
    if (event.type === 'evaluation') return metrics(event.step, figuresOf(event.name, event.result));
    if (event.type === 'checkpoint' && basename(event.path) === runFiles.learned) {
      return [{ type: 'artifact', path: relative(folder, event.path).split(sep).join('/') }];
    }
    if (event.type !== 'step') return [];
    const { step, loss, accuracy, learningRate, imagesPerSecond, loaderWait } = event;
    const figures = { loss, accuracy, learningRate, imagesPerSecond, loaderWait };
    const terms = Object.entries(event.terms).map(([name, value]) => [`terms/${name}`, value] as const);
    const named = [...Object.entries(figures), ...terms].map(([name, value]) => [`train/${name}`, value] as const);
    return metrics(step, Object.fromEntries(named));
  };
}

function figuresOf(set: string, evaluation: Evaluation): Record<string, number> {
  const { accuracy, macroF1, loss, expectedCalibrationError, topK } = evaluation;
  const top = Object.entries(topK).flatMap(([k, value]) => (k === '1' ? [] : [[`${set}/top${k}`, value] as const]));
  return {
    [`${set}/accuracy`]: accuracy,
    [`${set}/macroF1`]: macroF1,
    [`${set}/loss`]: loss,
    [`${set}/expectedCalibrationError`]: expectedCalibrationError,
    ...Object.fromEntries(top),
  };
}

/** A row for each actual class, a column for each predicted one. */
function confusionTable({ classes, confusion }: Evaluation): string {
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const names = classes.map(({ name }) => quote(name));
  const rows = confusion.map((row, actual) => [names[actual], ...row].join(','));
  return `${[['actual \\ predicted', ...names].join(','), ...rows].join('\n')}\n`;
}
