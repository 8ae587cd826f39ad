import { z } from 'zod';

/** How the learned values of several epochs make one; the weights of the epochs sum to 1. */
export const averageSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z
      .literal('gaussian')
      .describe('`gaussian`: weights exp(−(epoch − mean)² / (2 · deviation²)), as in PromptSRC (arXiv 2307.06948).'),
    mean: z.number().describe('With `gaussian`: epoch of the largest weight, counted from 1.'),
    deviation: z.number().positive().describe('With `gaussian`: standard deviation of the weights in epochs.'),
  }),
  z.strictObject({
    kind: z.literal('uniform').describe('`uniform`: the plain mean.'),
    from: z.int().min(1).default(1).describe('With `uniform`: first epoch of the mean, counted from 1.'),
  }),
  z.strictObject({
    kind: z
      .literal('exponential')
      .describe('`exponential`: the moving average decay · average + (1 − decay) · values after each epoch.'),
    decay: z.number().min(0).lt(1).describe('With `exponential`: share of the former average that is kept.'),
  }),
]);

export type AverageSettings = z.output<typeof averageSettings>;

/** The kinds of parts that learn, by their sections of a configuration. */
export const learningSections = ['prompt', 'labels', 'head', 'tuning'] as const;

/** What each phase of a training takes. */
const phase = {
  epochs: z.int().min(1).default(5).describe('Number of epochs: passes over the training images.'),
  steps: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Optimiser steps, instead of `epochs`; the last epoch may be cut short. The schedule spans ⌈steps / steps per pass⌉ epochs.',
    ),
  stepsPerShot: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Optimiser steps per shot, where `steps` is absent: multiplied by the mean number of training images per class, rounded.',
    ),
  batch: z.int().min(1).default(4).describe('Batch size in images.'),
  accumulate: z
    .int()
    .min(1)
    .default(1)
    .describe('Gradient accumulation: batches whose mean gradient makes one optimiser step.'),
  learningRate: z.number().positive().default(0.0035).describe('Learning rate after the warm-up.'),
  learningRateFactors: z
    .record(z.string(), z.number().positive())
    .optional()
    .describe(
      'Factors on the learning rate of some variables, which replace those that their part brings: { NAME: factor }, with * for any text in a name.',
    ),
  schedule: z
    .enum(['cosine', 'cosine-steps', 'constant'])
    .default('cosine')
    .describe(
      'Learning rate after the warm-up: along a cosine that changes it each epoch (`cosine`) or each step (`cosine-steps`), or constant.',
    ),
  minimumLearningRate: z.number().min(0).default(0).describe('Learning rate at the end of the cosine.'),
  warmupEpochs: z
    .int()
    .min(0)
    .default(1)
    .describe(
      'Number of first epochs at the warm-up learning rate. Where they would be the whole training, only the first fifth of its steps are warm-up.',
    ),
  warmupLearningRate: z.number().positive().default(1e-5).describe('Constant learning rate of the warm-up epochs.'),
  optimizer: z.enum(['sgd', 'adam', 'adamw']).default('sgd').describe('Optimiser, as PyTorch defines it.'),
  momentum: z.number().min(0).lt(1).default(0.9).describe('Momentum of SGD.'),
  weightDecay: z
    .number()
    .min(0)
    .default(5e-4)
    .describe(
      'Added to the gradient as weightDecay · value (SGD, Adam), or subtracted from the value directly (AdamW).',
    ),
  beta1: z.number().min(0).lt(1).default(0.9).describe('Decay of the first moment of Adam and AdamW.'),
  beta2: z.number().min(0).lt(1).default(0.999).describe('Decay of the second moment of Adam and AdamW.'),
  epsilon: z.number().positive().default(1e-8).describe('Added to the denominator of Adam and AdamW.'),
  augment: z
    .boolean()
    .default(true)
    .describe(
      'Random resized crop and flip. Without augmentation, image features are computed once where no vision prompt is learned.',
    ),
  minimumCrop: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe("Smallest share of the image's area that a random crop keeps. Default: what the papers take, 0.08."),
  views: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Number of fixed augmented views of each image, taken in turn, instead of a fresh one each epoch. The papers do not do this: fewer ' +
        'different images are seen. Where no vision prompt is learned, the features of each view are computed once.',
    ),
  onBadImage: z
    .enum(['fail', 'skip'])
    .default('fail')
    .describe('What to do with an image that cannot be read: stop and name it, or go on without it.'),
  evaluateEvery: z
    .int()
    .min(0)
    .default(0)
    .describe('Epochs between two evaluations during training; 0 evaluates only at the end.'),
  evaluateOn: z
    .enum(['val', 'test'])
    .default('val')
    .describe('Images of the evaluations during training. Those of the test split never choose anything.'),
  average: averageSettings
    .optional()
    .describe(
      'Weighted mean of the learned values over the epochs, which replaces the last values at the end of the training.',
    ),
  keep: z
    .enum(['last', 'best'])
    .default('last')
    .describe('Which values to keep: those of the last step, as the papers do, or the best on the validation images.'),
  stop: z
    .strictObject({
      patience: z
        .int()
        .min(1)
        .describe('Number of evaluations in a row without better accuracy after which the training stops.'),
      on: z.enum(['val']).default('val').describe('Split whose accuracy counts: validation.'),
    })
    .optional()
    .describe(
      'Early stopping: ends the training before its last epoch where the validation accuracy no longer improves. The schedule stays that of all epochs; `keep` says which ' +
        'values are kept. Default: never.',
    ),
  learns: z
    .array(z.enum(learningSections))
    .min(1)
    .optional()
    .describe(
      'Sections whose parts learn; the others keep their values. Default: all; with `then`, all but the head at first, and the head afterwards.',
    ),
};

/** A field without its default. */
function bare(field: z.ZodType): z.ZodType {
  const inner = field instanceof z.ZodDefault ? (field.unwrap() as z.ZodType) : field;
  const optional = inner instanceof z.ZodOptional ? inner : inner.optional();
  return field.description === undefined ? optional : optional.describe(field.description);
}

type PhaseFields = z.ZodObject<typeof phase>;

const thenSettings = z.strictObject(
  Object.fromEntries(Object.entries(phase).map(([name, field]) => [name, bare(field)])),
) as z.ZodType<Partial<z.output<PhaseFields>>, Partial<z.input<PhaseFields>>>;

/** The `train` section of a configuration: how the variables are learned. Defaults are the papers'. */
export const trainSettings = z.strictObject({
  ...phase,
  then: thenSettings
    .optional()
    .describe(
      'A second phase, with an optimiser and a schedule of its own; what it does not say is as in the first. A head that learns in the second ' +
        'phase alone waits, and the cosine of images and texts takes its place until then.',
    ),
});

/** Resolved training settings. */
export type TrainSettings = z.output<typeof trainSettings>;
