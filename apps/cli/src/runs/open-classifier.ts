import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CheckpointError } from '@promptweave/core';
import type { Classifier, Experiment } from '@promptweave/core/experiment';
import {
  describeLearned,
  loadLearned,
  runFiles,
  stageFolders,
  type Configuration,
  type LearnedDescription,
} from '@promptweave/core/experiment';
import { JoinedLabels } from '@promptweave/bench';
import { connect, isModelUri, loadRegistered } from '@promptweave/tracking';
import { allowedPlugins } from '../composition/allowed-plugins.js';
import { compose, type Composition, type CompositionRequest } from '../composition/compose.js';
import { fetchRun, isHubRun } from '../hub/fetch-run.js';
import { baseFolder } from './base-folder.js';
import { bestCell, isSweep } from './best-cell.js';
import { withoutImages } from './without-images.js';

/** A run that was trained or imported, ready to be used. */
export interface OpenedRun {
  readonly composition: Composition;
  readonly classifier: Classifier;
  readonly description: LearnedDescription;
  close(): Promise<void>;
}

/** Whether a path is the folder of a run or a sweep, a file of learned parts, or names a registered model, rather than a configuration. */
export function isRun(path: string): boolean {
  return (
    isModelUri(path) ||
    isHubRun(path) ||
    isLearnedFile(path) ||
    isSweep(path) ||
    [path, join(path, stageFolders.first)].some(hasConfiguration)
  );
}

function hasConfiguration(folder: string): boolean {
  return existsSync(join(folder, runFiles.configuration));
}

function isLearnedFile(path: string): boolean {
  return path.endsWith('.safetensors');
}

/** How a run is opened. */
export interface OpenOptions {
  /** Of the run's configuration (`path=value`); parts that learned something must stay as they were. */
  readonly overrides?: readonly string[];
  /** Address of the MLflow server of a registered model. Default: MLFLOW_TRACKING_URI. */
  readonly server?: string;
  /** Modules of yours that the run's configuration may load: packages, and files by paths from the working directory. */
  readonly plugins?: readonly string[];
  /** Figure by which the best cell of a sweep is taken. Default: its validation, or else what leads in the report. */
  readonly bestBy?: string;
  /** See {@link CompositionRequest.imagesSoon}. */
  readonly imagesSoon?: boolean;
  /** Ends the download of a registered model. */
  readonly signal?: AbortSignal;
  /** Told what a person should know, a sentence each. Default: standard error. */
  readonly onNote?: (note: string) => void;
  /** Told of every image that is skipped. Default: as a note. */
  readonly onSkip?: CompositionRequest['onSkip'];
}

/**
 * Opens a run by its folder, the best cell of a sweep, a `prompts.safetensors` alone, or a model as it was registered on an MLflow server (`models:/name@alias`). There, relative paths of the
 * configuration refer to the working directory. Wherever a run comes from, what its configuration lists beyond promptweave's own plugins is
 * loaded only where the caller allows it.
 *
 * @throws CheckpointError where there are no learned parts, or they do not fit; TrackingError where there is no such model; ConfigError
 *   where its configuration lists plugins that are not allowed; the signal's reason where it is aborted
 */
export async function openClassifier(run: string, options: OpenOptions = {}): Promise<OpenedRun> {
  const { overrides = [], server, signal, onNote = (note) => console.error(note), onSkip } = options;
  const allowed = allowedPlugins(options.plugins);
  const given = { overrides, allowed, onNote, onSkip, imagesSoon: options.imagesSoon };
  if (isLearnedFile(run)) return openLearned(run, given);
  if (isSweep(run)) {
    const { folder, why } = bestCell(run, options.bestBy);
    onNote(why);
    return openRunFolder(folder, given);
  }
  if (isHubRun(run)) return openRunFolder(await fetchRun(run), { ...given, folder: '.' });
  if (!isModelUri(run)) return openRunFolder(run, given);
  const client = connect(server);
  const temporary = await mkdtemp(join(tmpdir(), 'promptweave-'));
  try {
    const folder = join(temporary, 'model');
    const loaded = loadRegistered(run, folder, client, { signal, onNote });
    await loaded.finally(() => client.close());
    return await openRunFolder(folder, { ...given, folder: '.' });
  } finally {
    await rm(temporary, { recursive: true, force: true }); // all of it is in memory by now
  }
}

/** How a run's folder is opened. */
interface FolderOptions {
  readonly overrides: readonly string[];
  /** Modules that the run's configuration may load. */
  readonly allowed: readonly string[];
  readonly onNote: (note: string) => void;
  readonly onSkip: CompositionRequest['onSkip'];
  readonly imagesSoon?: boolean;
  /** That relative paths of the configuration refer to. Default: as when it was trained. */
  readonly folder?: string;
}

/**
 * Composes a run's classifier for the classes it was trained on and loads what was learned. Of the data set nothing but the names
 * of its classes is needed, and those are in the file.
 */
async function openRunFolder(run: string, options: FolderOptions): Promise<OpenedRun> {
  const { overrides } = options;
  const file = join(run, runFiles.configuration);
  const learned = join(run, runFiles.learned);
  const first = join(run, stageFolders.first);
  const second = join(run, stageFolders.second, runFiles.learned);
  if (!existsSync(learned) && existsSync(second)) {
    // It predicts, and is evaluated, over the classes of both trainings.
    const both = ['dataset.classes=all', 'protocol=few-shot', ...overrides];
    const opened = await openRunFolder(first, { ...options, overrides: both });
    return joinStages(opened, second);
  }
  if (!existsSync(file) || !existsSync(learned)) throw notThere(run, first);
  return openLearned(learned, { ...options, configuration: file });
}

/** Opens a file of learned parts with the configuration beside it, or else with the one that it holds. */
async function openLearned(
  learned: string,
  { configuration: file, ...options }: FolderOptions & { readonly configuration?: string },
): Promise<OpenedRun> {
  const { overrides, allowed, onNote, onSkip, imagesSoon } = options;
  const description = await describeLearned(learned);
  const place = dirname(learned);
  const configuration = file ?? (description.configuration as Configuration);
  const folder = options.folder ?? baseFolder(place, description, onNote);
  const foreign = { allowed, place };
  const asked = { overrides, onNote, onSkip, folder, foreign, used: true, imagesSoon };
  const composition = await compose({ configuration, ...asked });
  try {
    const experiment = await withoutImages(composition, description);
    await loadLearned(learned, experiment.classifier);
    changedFiles(description, experiment).forEach((note) => onNote(note));
    return {
      composition,
      description,
      classifier: experiment.classifier,
      close: async () => {
        experiment.dispose();
        await composition.close();
      },
    };
  } catch (error) {
    await composition.close();
    throw error;
  }
}

/** @param first folder of the first of two trainings */
function notThere(run: string, first: string): CheckpointError {
  const unfinished = [run, first].some((place) => existsSync(join(place, runFiles.resume)));
  const holdsNone = `The folder holds no ${runFiles.learned}${unfinished ? ': its training is not finished' : ''}.`;
  return new CheckpointError(existsSync(run) ? holdsNone : 'There is no such folder.', {
    where: run,
    remedy: unfinished
      ? `Go on with the training: promptweave train CONFIG --output ${run} --resume`
      : 'Name the folder that promptweave train or promptweave import wrote.',
  });
}

/** What to say of files that the parts read: they may have got other words since. */
function changedFiles({ contents: before = {} }: LearnedDescription, { contents }: Experiment): string[] {
  return Object.entries(contents)
    .filter(([option, digest]) => before[option] !== undefined && before[option] !== digest)
    .map(([option]) => `The file that ${option} names has changed since the training: the answers may be others.`);
}

/** What a run learned in its first training, and in a second one for further classes. */
async function joinStages(first: OpenedRun, learned: string): Promise<OpenedRun> {
  const { classNames } = await describeLearned(learned);
  const second = first.classifier.withClasses(classNames);
  await loadLearned(learned, second); // the prompt, too, is the second training's from here on
  const labels = new JoinedLabels([first.classifier.parts.aligner, second.parts.aligner]);
  const joined = second.withLabels(labels);
  return {
    ...first,
    classifier: joined,
    description: { ...first.description, classNames: [...labels.classNames] },
    close: async () => {
      labels.dispose();
      joined.parts.head.dispose();
      second.disposeOwn();
      await first.close();
    },
  };
}
