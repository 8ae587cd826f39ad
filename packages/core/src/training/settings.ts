import { z } from 'zod';

/** How the learned values of several epochs make one; the weights of the epochs sum to 1. */
export const averageSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z
      .literal('gaussian')
      .describe('PromptSRC (arXiv 2307.06948): weights exp(−(epoch − mean)² / (2 deviation²)).'),
    mean: z.number().describe('Epoch of the largest weight, counted from 1.'),
    deviation: z.number().positive().describe('In epochs.'),
  }),
  z.strictObject({
    kind: z.literal('uniform').describe('The plain mean.'),
    from: z.int().min(1).default(1).describe('First epoch of the mean, counted from 1.'),
  }),
  z.strictObject({
    kind: z
      .literal('exponential')
      .describe('Moving average: of each epoch, 1 − decay of its values and decay of what was before.'),
    decay: z.number().min(0).lt(1),
  }),
]);

export type AverageSettings = z.output<typeof averageSettings>;

/** The kinds of parts that learn, by their sections of a configuration. */
export const learningSections = ['prompt', 'labels', 'head', 'tuning'] as const;

/** What each phase of a training takes. */
const phase = {
  epochs: z.int().min(1).default(5).describe('Passes over the training images.'),
  steps: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Optimiser steps, instead of epochs; the last pass may be cut short. The schedule spans ⌈steps / steps per pass⌉ epochs.',
    ),
  stepsPerShot: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Optimiser steps for each training image of a class (their mean number, rounded), where `steps` says nothing.',
    ),
  batch: z.int().min(1).default(4).describe('Images in a batch.'),
  accumulate: z.int().min(1).default(1).describe('Batches whose mean gradient makes one optimiser step.'),
  learningRate: z.number().positive().default(0.0035).describe('Learning rate after the warm-up.'),
  learningRateFactors: z
    .record(z.string(), z.number().positive())
    .optional()
    .describe(
      'What the learning rate of some variables is multiplied by, in place of what their part brings: { NAME: factor }, with * for any text in a name.',
    ),
  schedule: z
    .enum(['cosine', 'cosine-steps', 'constant'])
    .default('cosine')
    .describe(
      'How the learning rate goes on after the warm-up: along a cosine epoch by epoch or step by step, or constant.',
    ),
  minimumLearningRate: z.number().min(0).default(0).describe('Where the cosine ends.'),
  warmupEpochs: z
    .int()
    .min(0)
    .default(1)
    .describe(
      'First epochs, which run at the warm-up learning rate. Where they would be the whole training, the first fifth of its steps do.',
    ),
  warmupLearningRate: z.number().positive().default(1e-5).describe('Constant learning rate of the warm-up epochs.'),
  optimizer: z.enum(['sgd', 'adam', 'adamw']).default('sgd').describe('As PyTorch defines them.'),
  momentum: z.number().min(0).lt(1).default(0.9).describe('Momentum of SGD.'),
  weightDecay: z
    .number()
    .min(0)
    .default(5e-4)
    .describe('Added to the gradient as weightDecay · value (SGD, Adam), or taken off the value directly (AdamW).'),
  beta1: z.number().min(0).lt(1).default(0.9).describe('Decay of the first moment of Adam and AdamW.'),
  beta2: z.number().min(0).lt(1).default(0.999).describe('Decay of the second moment of Adam and AdamW.'),
  epsilon: z.number().positive().default(1e-8).describe('Added to the denominator of Adam and AdamW.'),
  augment: z
    .boolean()
    .default(true)
    .describe(
      'Random resized crop and flip. Without it, image features are computed once where no vision prompt is learned.',
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
      'So many fixed augmented views of each image, taken in turn, instead of a fresh one each epoch. Not what the papers do: fewer ' +
        'different pictures are seen. Where no vision prompt is learned, the features of each view are computed once.',
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
      'Weighted mean of the learned values after each epoch, which takes the place of the last ones at the end.',
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
        .describe('Evaluations in a row that bring no better accuracy, after which the training stops.'),
      on: z.enum(['val']).default('val').describe('Images whose accuracy counts: those of validation.'),
    })
    .optional()
    .describe(
      'Ends the training before its last epoch where validation no longer improves. The schedule stays that of all epochs; `keep` says which ' +
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
