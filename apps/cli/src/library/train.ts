import { basename, resolve } from 'node:path';
import type { Tracker } from '@promptweave/core';
import { runTracked, writeZeroShot, type ProtocolResult, type ZeroShotAnswers } from '@promptweave/bench';
import {
  configurationHash,
  createTracker,
  type Configuration,
  type ResolvedConfiguration,
  type TrainEvent,
} from '@promptweave/core/experiment';
import { namedModules } from '../composition/allowed-plugins.js';
import { backendName, compose, configurationName, surroundingsOf } from '../composition/compose.js';
import { featureLibrary } from '../composition/feature-library.js';
import { EMBEDDED, folderConfiguration, isFolder, NOTE_ON_EMBEDDED } from '../runs/folder-configuration.js';
import { placeOf, type IfTaken } from '../runs/run-place.js';
import { zeroShotOf } from '../runs/zero-shot.js';
import { version } from '../version.js';

/** What a training tells of how far it is. */
export type TrainProgress =
  /** What computes, and why; the first event. */
  | {
      readonly type: 'backend';
      /** As results call it, with its versions. */
      readonly name: string;
      /** Why it was chosen. */
      readonly why: string;
    }
  | TrainEvent
  /** Images of a set of the evaluation at the end. */
  | {
      readonly type: 'evaluating';
      /** Name of the set. */
      readonly name: string;
      /** Images behind. */
      readonly done: number;
      /** Images of the set. */
      readonly total: number;
    };

/** How a configuration is trained. */
export interface TrainOptions {
  /** Folder of the run. Default: the configuration's `output`, or `runs/NAME-HASH`. */
  readonly folder?: string;
  /** What the training is called. Default: the configuration file's name, or `run`. */
  readonly name?: string;
  /** Folder that relative paths of the configuration refer to. Default: the file's own; of a value, the working directory. */
  readonly configurationFolder?: string;
  /** `path=value` each, laid over the configuration. */
  readonly overrides?: readonly string[];
  /** Go on with the run that the folder holds, to the same bits as without the stop. */
  readonly resume?: boolean;
  /** What to do where the folder holds a run that is not to go on. Default: refuse. */
  readonly ifTaken?: IfTaken;
  /** Test the backbone without what was learned, too, and keep that in `zero-shot.json`. Default: true. */
  readonly zeroShot?: boolean;
  /** Stops after the current step. */
  readonly signal?: AbortSignal;
  /** Told of every step, evaluation and phase as it happens. Default: nobody. */
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Told what a person should know: skipped images, a tracker that cannot be reached. Default: nobody. */
  readonly onNote?: (note: string) => void;
  /** Called when all is written: names files of the folder, written by it, that the tracker keeps, too. */
  readonly finish?: (run: Pick<TrainedRun, 'folder' | 'plugins'>) => Promise<readonly string[]>;
}

/** What came of a training. */
export type TrainedRun = {
  /** Folder of the run; `openRun` opens it. */
  readonly folder: string;
  /** Every default filled in. */
  readonly configuration: ResolvedConfiguration;
  /** Modules of plugins of your own, as `openRun` takes them. */
  readonly plugins: readonly string[];
} & (
  | ({
      readonly status: 'finished';
      /** What the backbone alone answers for the same images; absent where nothing else was asked for. */
      readonly zeroShot?: ZeroShotAnswers;
    } & ProtocolResult)
  /** The signal ended it; the same call with `resume` goes on. */
  | { readonly status: 'stopped' }
);

/**
 * Trains what a configuration describes, evaluates it and writes the folder of the run, which `openRun` opens.
 *
 * @param given a configuration as a value, the path of its file, or of a folder with a folder of images for each class
 * @throws ConfigError, DatasetError, CheckpointError, BackendError or TrainingError, which say what to do
 *
 * @example
 * const photos = { dataset: { use: 'folder', path: './photos', shots: 16 }, prompt: 'coop', labels: 'lamm' };
 * const run = await train(photos, { folder: 'runs/photos', onProgress: (event) => console.log(event) });
 * const model = await openRun(run.folder);
 */
export async function train(given: string | Configuration, options: TrainOptions = {}): Promise<TrainedRun> {
  const isPhotos = typeof given === 'string' && isFolder(given);
  const configuration = isPhotos ? folderConfiguration(given) : given;
  const { overrides, signal, onProgress, onNote = () => undefined, resume = false } = options;
  const composition = await compose({ configuration, overrides, onNote, folder: options.configurationFolder });
  const { configuration: resolved, backend, folder: configurationFolder, registry } = composition;
  const { name = typeof given === 'string' ? configurationName(resolve(given)) : 'run' } = options;
  if (isPhotos && resolved.backbone['checkpoint'] === EMBEDDED) onNote(NOTE_ON_EMBEDDED);
  const hash = configurationHash(resolved).slice(0, 8);
  const wanted = options.folder ?? resolved.output ?? `runs/${name}-${hash}`;
  const told = new Set<string>();
  const onProblem = (problem: string): void => {
    if (!told.has(problem)) onNote(problem);
    told.add(problem);
  };
  let tracker: Tracker | undefined;
  try {
    const { folder, note } = placeOf(wanted, options.ifTaken ?? 'refuse', resume);
    if (note !== undefined) onNote(note);
    onProgress?.({ type: 'backend', name: backendName(backend), why: backend.why });
    tracker = createTracker(resolved, registry, { folder, onProblem });
    const features = featureLibrary(backend, onProblem);
    const onEvaluation = (set: string, done: number, total: number): void =>
      onProgress?.({ type: 'evaluating', name: set, done, total });
    const labels = { name: basename(resolve(folder)), experiment: name, source: `promptweave train ${name}` };
    const outcome = await runTracked(tracker, labels, {
      configuration: resolved,
      environment: {
        ...composition,
        surroundings: surroundingsOf(backend, version),
        features,
      },
      ...{ configurationFolder, folder, resume, signal },
      onEvent: onProgress,
      onEvaluation,
    });
    const run = { folder, configuration: resolved, plugins: namedModules(registry, configurationFolder) };
    if (!outcome) return { ...run, status: 'stopped' };
    const { zeroShot: compare = true } = options;
    const isCompared = compare && outcome.result.parameters > 0 && !signal?.aborted;
    const zeroShot = isCompared ? await zeroShotOf(composition, { features, onEvaluation }) : undefined;
    if (zeroShot) writeZeroShot(folder, zeroShot);
    for (const path of (await options.finish?.(run)) ?? []) tracker.record({ type: 'artifact', path });
    return { ...run, status: 'finished', ...outcome, ...(zeroShot && { zeroShot }) };
  } finally {
    (await tracker?.close())?.forEach(onProblem);
    await composition.close();
  }
}
