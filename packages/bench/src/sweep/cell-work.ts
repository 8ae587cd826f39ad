import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, PromptweaveError, type EvaluationSet, type StepShape, type StepWork } from '@promptweave/core';
import {
  checkMemory,
  checkRequest,
  checkSet,
  createExperiment,
  estimatedBytes,
  optionsOf,
  memoryOf,
  stepShape,
  trainingPhases,
  trainingShape,
  type Experiment,
  type Phase,
  type ResolvedConfiguration,
} from '@promptweave/core/experiment';
import { evaluationSets } from '../protocols/protocol-context.js';
import type { RunEnvironment } from '../protocols/protocol-run.js';

/** What a cell computes, counted from its shapes. */
export interface CellWork {
  /** Floating point operations of training and evaluation; a multiply-add counts 2. */
  readonly flops: number;
  /** Peak beyond a process that holds the backbone. */
  readonly bytes: number;
}

/** A pass of the image tower alone. */
const IMAGES_ALONE: Omit<StepShape, 'batch'> = {
  text: { prefix: 1, branches: [1], padded: 0, blocks: 0, hiddenStates: false },
  ...{ textPasses: 0, textGradient: false, visionPrompts: 0, visionGradient: false, featuresKnown: false },
};

/** Memory that the cells of this machine may take. */
export interface MachineMemory {
  /** Bytes; undefined where that is not known, or cells run elsewhere. */
  readonly available?: number;
}

/**
 * Checks that cells of the same parts can work, and counts what they compute, without computing it: the parts are made, the prompts put together
 * for the classes of every set that they are tested on, and put away.
 *
 * @param cells configurations that differ in the training alone (`partsKey`)
 * @returns for each of them its work, undefined where the backbone does not know it, or the error that the cell would end with: ConfigError of
 * parts, depths and lengths, DatasetError, CheckpointError, BackendError where memory does not suffice
 */
export async function cellWorks(
  cells: readonly ResolvedConfiguration[],
  environment: RunEnvironment,
  folder: string,
  memory: MachineMemory = {},
): Promise<(CellWork | PromptweaveError | undefined)[]> {
  try {
    return await withParts(cells[0]!, environment, folder, (experiment, sets) =>
      cells.map((configuration) => {
        try {
          return workOf({ ...experiment, configuration }, sets, environment, memory);
        } catch (error) {
          if (error instanceof PromptweaveError) return error;
          throw error;
        }
      }),
    );
  } catch (error) {
    if (error instanceof PromptweaveError) return cells.map(() => error);
    throw error;
  }
}

async function withParts<T>(
  configuration: ResolvedConfiguration,
  environment: RunEnvironment,
  folder: string,
  use: (experiment: Experiment, sets: readonly EvaluationSet[]) => T,
): Promise<T> {
  const { registry, pipeline } = environment;
  const experiment = await createExperiment(configuration, { ...environment, folder });
  try {
    const sets = await evaluationSets({ experiment, registry, pipeline, folder });
    for (const set of [experiment, ...sets]) checkSet(experiment.classifier, set);
    return use(experiment, sets);
  } finally {
    experiment.dispose();
  }
}

/** @throws ConfigError, DatasetError where images are missing that the training needs; BackendError where memory does not suffice */
function workOf(
  experiment: Experiment,
  sets: readonly EvaluationSet[],
  { registry }: RunEnvironment,
  { available }: MachineMemory,
): CellWork | undefined {
  const { classifier, configuration, dataset, backbone } = experiment;
  checkRequest({ classifier, dataset, settings: configuration.train });
  const phases = trainingPhases(classifier, configuration.train, dataset);
  if (available !== undefined) phases.forEach((phase) => checkMemory(memoryOf(phase), available));
  if (!backbone.work) return undefined;
  const stages = registry.get('protocol', configuration.protocol.use).thenTrainsOn ? 2 : 1;
  const testing = sets.reduce((sum, set) => sum + evaluationFlops(experiment, set), 0);
  const training = phases.reduce((sum, phase) => sum + trainingFlops(experiment, phase), 0);
  const bytes = Math.max(...phases.map((phase) => estimatedBytes(memoryOf(phase)) ?? 0));
  return { flops: stages * (training + testing), bytes };
}

/** Operations a second of the unprompted image tower, the second of two passes: how fast this machine is. */
export function measuredRate(experiment: Experiment): number {
  const { backbone } = experiment;
  const { imageSize } = backbone.shape.vision;
  const images = tf.zeros([4, 3, imageSize, imageSize]) as tf.Tensor4D;
  const pass = (): number => {
    const begun = performance.now();
    tf.tidy(() => void backbone.encodeImages(images).dataSync());
    return (performance.now() - begun) / 1000;
  };
  pass();
  const seconds = pass();
  images.dispose();
  return imageFlops(experiment, 4) / seconds;
}

function trainingFlops(experiment: Experiment, phase: Phase): number {
  const { dataset } = experiment;
  const { classifier, plan, settings } = phase;
  if (Object.keys(classifier.variables).length === 0) return 0;
  const { accumulate, augment, views = 1 } = settings;
  const known = classifier.imageFeaturesAreConstant && (!augment || settings.views !== undefined);
  const { textFlops, visionFlops } = work(experiment, trainingShape(phase, known));
  const once = known ? imageFlops(experiment, (augment ? views : 1) * dataset.train.length) : 0;
  return plan.steps * accumulate * (textFlops + visionFlops) + once;
}

function evaluationFlops(experiment: Experiment, { dataset, split }: EvaluationSet): number {
  const { parts } = experiment.classifier;
  const images = dataset[split].length;
  const classes = dataset.classNames.length / experiment.dataset.classNames.length;
  const forward = { ...stepShape(parts, 1), textGradient: false, visionGradient: false };
  const { textFlops, visionFlops } = work(experiment, forward);
  const texts = parts.learnerProperties.dependsOnImage ? images : 1;
  return images * visionFlops + texts * classes * textFlops;
}

function imageFlops(experiment: Experiment, images: number): number {
  return images === 0 ? 0 : work(experiment, { ...IMAGES_ALONE, batch: images }).visionFlops;
}

function work({ backbone, configuration }: Experiment, shape: StepShape): StepWork {
  const counted = backbone.work?.(shape);
  if (counted) return counted;
  throw new ConfigError(`The backbone "${configuration.backbone.use}" does not tell what a step costs.`, {
    where: 'backbone',
    remedy: 'Give it the method work() of the Backbone contract.',
  });
}

/** What cells of the same parts have in common, whatever their seeds and their training. */
export function partsKey(configuration: ResolvedConfiguration): string {
  const { seed: _seed, train: _train, losses, ...parts } = configuration;
  const names = losses.map((loss) => [loss.use, optionsOf(loss, 'weight')]);
  return JSON.stringify([parts, names]);
}

/** What cells of equal cost have in common: everything that shapes and counts depend on. */
export function costKey(configuration: ResolvedConfiguration): string {
  const { epochs, steps, stepsPerShot, batch, accumulate, augment, views, evaluateEvery, learns, then } =
    configuration.train;
  const length = [epochs, steps, stepsPerShot, batch, accumulate, augment, views, evaluateEvery, learns, then];
  return JSON.stringify([partsKey(configuration), ...length]);
}
