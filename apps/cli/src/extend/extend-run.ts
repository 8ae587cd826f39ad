import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { evaluationSets, writeZeroShot, type ZeroShotAnswers } from '@promptweave/bench';
import { ConfigError, type LabelAligner, type PromptLearner, type Tuning } from '@promptweave/core';
import {
  Classifier,
  classifierFor,
  nearestWords,
  optionsOf,
  replaceOwn,
  resolveConfiguration,
  runExperiment,
  runFiles,
  saveLearned,
  sourceFromValue,
  type Configuration,
  type Experiment,
  type ResolvedConfiguration,
  type RunResult,
  type TrainEvent,
} from '@promptweave/core/experiment';
import { surroundingsOf } from '../composition/compose.js';
import { featureLibrary } from '../composition/feature-library.js';
import { openClassifier, type OpenedRun } from '../runs/open-classifier.js';
import { placeOf } from '../runs/run-place.js';
import { zeroShotOf } from '../runs/zero-shot.js';
import { version } from '../version.js';
import { GrowingLabels } from './growing-labels.js';

/** What a run is extended with. */
export interface ExtendRequest {
  /** Folder with the images of the new class. */
  readonly images: string;
  /** Name of the class. Default: the folder's. */
  readonly name?: string;
  /** Prompts and tuning stay exactly (`frozen`), or go on from their values (`warm`). */
  readonly prompts: 'frozen' | 'warm';
  /** Of the new run. Default: the run's, with `-extended`. */
  readonly output?: string;
  readonly overrides?: readonly string[];
  readonly plugins?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
  readonly onEvaluation?: (name: string, done: number, total: number) => void;
  readonly onNote: (note: string) => void;
}

/** The run with one class more. */
export interface ExtendedRun {
  readonly folder: string;
  readonly result: RunResult;
  readonly zeroShot?: ZeroShotAnswers;
}

/**
 * Adds a class to a run: its label is trained against the old ones, which stay exactly as they are (LAMM, arXiv 2312.08212). The images of the
 * old classes are trained on, too, so that the new label is told from them.
 *
 * @returns undefined where the signal stopped it
 * @throws ConfigError where the parts of the run cannot take a class more
 */
export async function extendRun(run: string, request: ExtendRequest): Promise<ExtendedRun | undefined> {
  const { onNote, signal, onEvent, onEvaluation } = request;
  const opened = await openClassifier(run, { overrides: request.overrides, plugins: request.plugins, onNote });
  const { composition } = opened;
  let experiment: Experiment | undefined;
  const made: { dispose(): void }[] = [];
  try {
    const { folder, note } = placeOf(
      request.output ?? `${run.replace(/[\\/]+$/, '')}-extended`,
      request.output === undefined ? 'number' : 'refuse',
      false,
    );
    if (note !== undefined) onNote(note);
    const configuration = extended(opened, request);
    experiment = await composition.experiment(configuration);
    const growing = grow(opened, experiment, request.prompts);
    made.push({ dispose: () => growing.classifier.disposeOwn() });
    const features = featureLibrary(composition.backend, onNote);
    const { registry, pipeline, folder: configurationFolder } = composition;
    const evaluations = await evaluationSets({ experiment, registry, pipeline, folder: configurationFolder, features });
    const result = await runExperiment({
      experiment: { ...experiment, classifier: growing.classifier },
      ...{ pipeline, configurationFolder, folder, evaluations, signal, onEvent, onEvaluation },
      surroundings: surroundingsOf(composition.backend, version),
      features: evaluations[0]?.features,
    });
    if (!result) {
      await rm(join(folder, runFiles.resume), { force: true }); // it cannot go on: what the old labels were is not in there
      return undefined;
    }
    const whole = growing.labels.whole();
    made.push(whole);
    const classifier = new Classifier({ ...growing.parts, aligner: whole });
    const learned = join(folder, runFiles.learned);
    const { template } = experiment.dataset;
    const { step } = result.training;
    await saveLearned(learned, classifier, { template, configuration, folder: configurationFolder, step });
    await rm(join(folder, runFiles.resume), { force: true });
    const words = nearestWords(classifier);
    if (words) replaceOwn(join(folder, runFiles.words), `${JSON.stringify(words)}\n`);
    const digest = createHash('sha256').update(readFileSync(learned)).digest('hex');
    const told: RunResult = { ...result, provenance: { ...result.provenance, learned: digest } };
    replaceOwn(join(folder, runFiles.result), `${JSON.stringify(told, undefined, 2)}\n`);
    const zeroShot = await zeroShotOf({ ...composition, configuration }, { features, signal, onEvaluation });
    if (zeroShot) writeZeroShot(folder, zeroShot);
    return { folder, result: told, ...(zeroShot && { zeroShot }) };
  } finally {
    for (const part of made.reverse()) part.dispose();
    experiment?.dispose();
    await opened.close();
  }
}

/** The run's configuration with the new class behind the others. */
function extended({ composition }: OpenedRun, { images, name }: ExtendRequest): ResolvedConfiguration {
  const { configuration, registry, folder } = composition;
  const { dataset, output: _output, ...others } = configuration;
  if (dataset.use !== 'folder') {
    throw new ConfigError(
      `The run was trained on the data set "${dataset.use}"; classes are added to folders of images.`,
      {
        where: 'dataset.use',
        remedy: 'Add the class to the data set, and train again.',
      },
    );
  }
  const path = relative(resolve(folder), resolve(images)) || '.';
  const { with: before = [], names = {} } = optionsOf(dataset) as { with?: string[]; names?: Record<string, string> };
  const words = name === undefined ? names : { ...names, [basename(resolve(images))]: name };
  const value = {
    ...others,
    dataset: { ...dataset, with: [...before, path], ...(Object.keys(words).length > 0 && { names: words }) },
  };
  return resolveConfiguration(sourceFromValue(value as Configuration), { registry });
}

/** A classifier for all classes in which the labels of the new ones are learned, and the prompts where that is asked for. */
function grow(
  { classifier: old }: OpenedRun,
  { classifier: fresh, dataset }: Experiment,
  prompts: ExtendRequest['prompts'],
) {
  const { headProperties, learnerProperties } = old.parts;
  if (headProperties.ofClasses || learnerProperties.novelClasses !== 'swap') {
    throw new ConfigError(
      `The ${headProperties.ofClasses ? 'head' : 'prompt'} of this run learned each of its classes for itself, and takes no other.`,
      {
        where: headProperties.ofClasses ? 'head' : 'prompt',
        remedy: 'Train again with all classes, or with parts that all classes share, such as coop with lamm.',
      },
    );
  }
  const known = old.parts.aligner.classNames;
  const added = dataset.classNames.filter((name) => !known.includes(name));
  const labels = new GrowingLabels(old.parts.aligner, old.parts.aligner.withClasses(added));
  const all = classifierFor(old, { name: 'the run with its new class', classNames: dataset.classNames });
  const { losses, rule } = fresh.parts;
  const learning = { ...all.parts, losses: [...losses], rule, aligner: labels as LabelAligner };
  all.parts.aligner.dispose();
  const frozen =
    prompts === 'warm'
      ? {}
      : { learner: still<PromptLearner>(all.parts.learner), tuning: still<Tuning>(all.parts.tuning) };
  return { labels, parts: learning, classifier: new Classifier({ ...learning, ...frozen }) };
}

/** A part that is computed with and not learned. */
function still<Part extends object>(part: Part): Part {
  return Object.create(part, { variables: { value: {} } }) as Part;
}
