import * as tf from '@tensorflow/tfjs-core';
import {
  createExperiment,
  optionsOf,
  planTraining,
  type EvaluationSet,
  type Experiment,
  type ResolvedConfiguration,
} from '@promptweave/core';
import { evaluationSets } from '../protocols/protocol-context.js';
import type { RunEnvironment } from '../protocols/run-protocol.js';
import { fastWork, plainWork, type StepShape, type StepWork } from '../speed/work.js';

/** What a cell computes, counted from its shapes. */
export interface CellWork {
  /** Floating point operations of training and evaluation; a multiply-add counts 2. */
  readonly flops: number;
  /** Bytes beyond those of a process that holds the backbone. */
  readonly bytes: number;
}

const FLOAT = 4;
/** Bytes of decoded images that the pipeline keeps at most. */
const IMAGE_CACHE = 256 * 2 ** 20;

/**
 * Counts what a cell computes, without computing it: its parts are made, and put away.
 * @throws what making the parts throws: a missing data set, a wrong checkpoint
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
    const training = trainingWork(experiment);
    const evaluation = sets.map((set) => evaluationWork(experiment, set));
    const images =
      experiment.dataset.train.length + sets.reduce((sum, { dataset, split }) => sum + dataset[split].length, 0);
    const { imageSize } = experiment.backbone.shape.vision;
    return {
      flops: stages * training.flops + stages * evaluation.reduce((sum, { flops }) => sum + flops, 0),
      bytes:
        Math.max(training.bytes, ...evaluation.map(({ bytes }) => bytes)) +
        Math.min(IMAGE_CACHE, images * 3 * imageSize ** 2),
    };
  } finally {
    experiment.dispose();
  }
}

/** Operations a second of the unprompted image tower, the second of two passes: how fast this machine is. */
export function measuredRate({ backbone }: Experiment): number {
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
  return imageFlops(backbone.shape, 4) / seconds;
}

function trainingWork(experiment: Experiment): CellWork {
  const { configuration, classifier, dataset, backbone } = experiment;
  const { train } = configuration;
  if (Object.keys(classifier.variables).length === 0) return { flops: 0, bytes: 0 };
  const { steps } = planTraining(train, dataset.train.length);
  const work = stepWork(experiment, train.batch);
  const constant = classifier.imageFeaturesAreConstant;
  const perStep = train.accumulate * (work.textFlops + (constant ? 0 : work.visionFlops));
  // Without augmentation, constant features are computed once; with it, every view is another one.
  const views = train.augment ? steps * train.batch * train.accumulate : dataset.train.length;
  const once = constant ? imageFlops(backbone.shape, views) : 0;
  return { flops: steps * perStep + once, bytes: work.activationBytes + imageBytes(backbone.shape, train.batch) };
}

function evaluationWork(experiment: Experiment, { dataset, split }: EvaluationSet): CellWork {
  const { shape } = experiment.backbone;
  const { batch } = experiment.configuration.evaluate;
  const classes = dataset.classNames.length / experiment.dataset.classNames.length;
  const images = dataset[split].length;
  const { textFlops } = stepWork(experiment, 1);
  const perImage = experiment.classifier.parts.learnerProperties.dependsOnImage;
  const text = (classes * textFlops) / 2; // no way back
  return {
    flops: imageFlops(shape, images) + (perImage ? images : 1) * text,
    bytes: imageBytes(shape, Math.min(batch, images)),
  };
}

/** A training step; learners with prompts of their own for every image encode all classes for each. */
function stepWork(experiment: Experiment, batch: number): StepWork {
  const shape = stepShape(experiment, batch);
  const work = experiment.configuration.runtime.fast ? fastWork(shape) : plainWork(shape);
  if (!experiment.classifier.parts.learnerProperties.dependsOnImage) return work;
  return { ...work, textFlops: batch * work.textFlops, activationBytes: batch * work.activationBytes };
}

function stepShape({ backbone, classifier }: Experiment, batch: number): StepShape {
  const { learner, aligner, learnerProperties, needs } = classifier.parts;
  const perImage = learnerProperties.dependsOnImage;
  const counts = { context: 0, visionPrompts: 0, nameLengths: [] as readonly number[] };
  tf.tidy(() => {
    const features = perImage ? tf.zeros<tf.Rank.R2>([1, backbone.shape.embedding]) : undefined;
    const { text, vision } = learner.prompts(features);
    counts.context = text?.vectors.shape.at(-2) ?? 0;
    counts.visionPrompts = vision?.shallow.shape[0] ?? 0;
    counts.nameLengths = aligner.anchors().lengths;
  });
  return {
    backbone: backbone.shape,
    batch,
    nameLengths: counts.nameLengths,
    prefix: 1 + Math.max(counts.context, learner.template.before.length),
    suffix: learner.template.after.length + 1,
    visionPrompts: counts.visionPrompts,
    visionGradient: learnerProperties.promptsVision,
    anchors: needs.anchors ?? false,
    hiddenStates: (needs.lateBlocks ?? 0) > 0,
    padding: needs.padding ?? false,
  };
}

/** Forward pass of the image tower. */
function imageFlops(backbone: StepShape['backbone'], images: number): number {
  const nothing = { nameLengths: [1], prefix: 1, suffix: 1, visionPrompts: 0, visionGradient: false };
  return fastWork({ backbone, batch: images, ...nothing, anchors: false, hiddenStates: false, padding: false })
    .visionFlops;
}

/** What one block of the image tower's forward pass holds at once, and the images. */
function imageBytes({ vision: { width, heads, imageSize, patchSize } }: StepShape['backbone'], images: number): number {
  const length = 1 + Math.floor(imageSize / patchSize) ** 2;
  const rows = images * length;
  return FLOAT * (12 * rows * width + 2 * heads * rows * length + 6 * images * imageSize ** 2);
}

/** What cells of equal cost have in common: everything that shapes and counts depend on. */
export function costKey(configuration: ResolvedConfiguration): string {
  const { seed: _seed, train, losses, ...parts } = configuration;
  const { epochs, steps, batch, accumulate, augment, evaluateEvery } = train;
  const names = losses.map((loss) => [loss.use, optionsOf(loss, 'weight')]);
  return JSON.stringify([parts, names, epochs, steps, batch, accumulate, augment, evaluateEvery]);
}
