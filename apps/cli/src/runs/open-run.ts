import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CheckpointError, definePlugin, PromptweaveError, type Dataset } from '@promptweave/core';
import type { Classifier } from '@promptweave/core/experiment';
import {
  describeLearned,
  loadLearned,
  Registry,
  runFiles,
  stageFolders,
  type Experiment,
  type LearnedDescription,
} from '@promptweave/core/experiment';
import { JoinedLabels } from '@promptweave/bench';
import { connect, isModelUri, loadRegistered } from '@promptweave/tracking';
import { z } from 'zod';
import { allowedPlugins } from '../composition/allowed-plugins.js';
import { compose, type Composition } from '../composition/compose.js';
import { interruptible, STOPPED } from '../terminal/interrupt.js';

/** A run that was trained or imported, ready to be used. */
export interface OpenedRun {
  readonly composition: Composition;
  readonly classifier: Classifier;
  readonly description: LearnedDescription;
  close(): Promise<void>;
}

/** Whether a path is the folder of a run, or names a registered model, rather than a configuration file. */
export function isRun(path: string): boolean {
  return isModelUri(path) || [path, join(path, stageFolders.first)].some(hasConfiguration);
}

function hasConfiguration(folder: string): boolean {
  return existsSync(join(folder, runFiles.configuration));
}

/** How a run is opened. */
export interface OpenOptions {
  /** Of the run's configuration; parts that learned something must stay as they were. */
  readonly overrides?: readonly string[];
  /** Address of the MLflow server. Default: MLFLOW_TRACKING_URI. */
  readonly server?: string;
  /** Modules of `--plugin`, which the run's configuration may load. */
  readonly plugins?: readonly string[];
}

/**
 * Opens a run by its folder, or as it was registered on an MLflow server (`models:/name@alias`). There, relative paths of the
 * configuration refer to the working directory. Wherever a run comes from, what its configuration lists beyond promptweave's own plugins is
 * loaded only where the command allows it.
 *
 * @throws CheckpointError where there are no learned parts, or they do not fit; TrackingError where there is no such model; ConfigError
 *   where its configuration lists plugins that are not allowed
 */
export async function openRun(run: string, options: OpenOptions = {}): Promise<OpenedRun> {
  const { overrides = [], server } = options;
  const allowed = allowedPlugins(options.plugins);
  if (!isModelUri(run)) return openRunFolder(run, { overrides, allowed });
  const client = connect(server);
  const temporary = await mkdtemp(join(tmpdir(), 'promptweave-'));
  const { signal, release } = interruptible(() => console.error('Stopping.'));
  try {
    const folder = join(temporary, 'model');
    const loaded = loadRegistered(run, folder, client, { signal, onNote: (note) => console.error(note) });
    await loaded.finally(() => client.close());
    return await openRunFolder(folder, { overrides, allowed, folder: '.' });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new StoppedError('Stopped.');
  } finally {
    release();
    await rm(temporary, { recursive: true, force: true }); // all of it is in memory by now
  }
}

/** How a run's folder is opened. */
interface FolderOptions {
  readonly overrides: readonly string[];
  /** Modules that the run's configuration may load. */
  readonly allowed: readonly string[];
  /** That relative paths of the configuration refer to. Default: as when it was trained. */
  readonly folder?: string;
}

/** The user ended the command. */
class StoppedError extends PromptweaveError {
  override readonly exitCode = STOPPED;
}

/**
 * Composes a run's classifier for the classes it was trained on and loads what was learned. Of the data set nothing but the names
 * of its classes is needed, and those are in the file.
 */
async function openRunFolder(run: string, options: FolderOptions): Promise<OpenedRun> {
  const { overrides, allowed, folder } = options;
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
  if (!existsSync(file) || !existsSync(learned)) {
    const unfinished = [run, first].some((place) => existsSync(join(place, runFiles.resume)));
    throw new CheckpointError(
      `The folder holds no ${runFiles.learned}${unfinished ? ': its training is not finished' : ''}.`,
      {
        where: run,
        remedy: unfinished
          ? `Go on with the training: promptweave train CONFIG --output ${run} --resume`
          : 'Name the folder that promptweave train or promptweave import wrote.',
      },
    );
  }
  const description = await describeLearned(learned);
  const composition = await compose({
    ...{ file, overrides, folder: folder ?? resolve(run, description.folder) },
    foreign: { allowed, place: run },
  });
  const experiment = await withoutImages(composition, description);
  await loadLearned(learned, experiment.classifier);
  return {
    composition,
    description,
    classifier: experiment.classifier,
    close: async () => {
      experiment.dispose();
      await composition.close();
    },
  };
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

/** The experiment of a run with a data set that has the classes of the learned parts, and no images. */
function withoutImages(
  { configuration, registry, experiment }: Composition,
  { classNames, template }: LearnedDescription,
): Promise<Experiment> {
  const name = 'classes of the run';
  const dataset: Dataset = {
    ...{ name, classNames, template, imagePolicy: 'reference', digest: name }, // its names were accepted when it was trained
    ...{ train: [], val: [], test: [] },
  };
  const plugin = definePlugin({
    kind: 'dataset',
    name,
    description: 'Class names without images.',
    options: z.strictObject({}),
    create: () => Promise.resolve(dataset),
  });
  const loaded = registry.entries.slice(new Registry().entries.length); // a registry begins with core's own plugins
  const shots = configuration.dataset.shots === 'all' ? 1 : configuration.dataset.shots;
  return experiment(
    { ...configuration, dataset: { use: name, shots, classes: 'all' } },
    new Registry([...loaded, { plugin, module: 'promptweave' }]),
  );
}
