import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, type EvaluationSet, type StepShape, type StepWork } from '@promptweave/core';
import {
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

/**
 * Counts what a cell computes, without computing it: its parts are made, and put away.
 * @throws ConfigError where the backbone does not know its work, and what making the parts throws: a missing data set, a wrong checkpoint
 */
export async function cellWork(
  configuration: ResolvedConfiguration,
  environment: RunEnvironment,
  folder: string,
): Promise<CellWork> {
  const { registry, pipeline } = environment;
  const experiment = await createExperiment(configuration, { ...environment, folder });
  try {
    const sets = await evaluationSets({ experiment, registry, pipeline, folder });
    const stages = registry.get('protocol', configuration.protocol.use).thenTrainsOn ? 2 : 1;
    const testing = sets.reduce((sum, set) => sum + evaluationFlops(experiment, set), 0);
    const phases = trainingPhases(experiment.classifier, configuration.train, experiment.dataset);
    const training = phases.reduce((sum, phase) => sum + trainingFlops(experiment, phase), 0);
    const bytes = Math.max(...phases.map((phase) => estimatedBytes(memoryOf(phase)) ?? 0));
    return { flops: stages * (training + testing), bytes };
  } finally {
    experiment.dispose();
  }
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

/** What cells of equal cost have in common: everything that shapes and counts depend on. */
export function costKey(configuration: ResolvedConfiguration): string {
  const { seed: _seed, train, losses, ...parts } = configuration;
  const { epochs, steps, stepsPerShot, batch, accumulate, augment, views, evaluateEvery, learns, then } = train;
  const names = losses.map((loss) => [loss.use, optionsOf(loss, 'weight')]);
  const length = [epochs, steps, stepsPerShot, batch, accumulate, augment, views, evaluateEvery, learns, then];
  return JSON.stringify([parts, names, ...length]);
}
