import { z } from 'zod';

/** The `evaluate` section. */
export const evaluateSettings = z.strictObject({
  batch: z
    .int()
    .min(1)
    .default(100)
    .describe(
      'Images that an evaluation reads at a time. They pass through the model in blocks of fixed size, so no result depends on it.',
    ),
});

/** The `runtime` section. */
export const runtimeSettings = z
  .strictObject({
    backend: z
      .enum(['auto', 'tensorflow', 'wasm', 'cpu'])
      .default('auto')
      .describe('TensorFlow.js backend; auto takes the best one that is installed.'),
    fast: z
      .boolean()
      .default(true)
      .describe(
        "Whether the backbone's fast path is taken; the plain path is the reference and gives the same numbers.",
      ),
    tf32: z
      .boolean()
      .default(false)
      .describe(
        'On an NVIDIA GPU, lets products of matrices round their operands to TF32 (10 bits of fraction instead of 23): faster, and off by up to 1 % where float32 agrees with the authors to 0.01 %.',
      ),
    precision: z
      .enum(['float32', 'bfloat16', 'auto'])
      .default('float32')
      .describe(
        "What the frozen weights of the towers' blocks are kept in on the CPU, and what their products and those of attention are computed with; sums and everything else stay float32. bfloat16 (8 bits of fraction instead of 24) halves the memory of those weights, is several times faster where the CPU has amx_bf16 (or the avx512_bf16 of AMD's CPUs; Intel's alone is slower than float32), and is an error where it has neither; auto takes it where it is faster.",
      ),
    imageCacheMegabytes: z
      .number()
      .min(0)
      .default(128)
      .describe('Megabytes of decoded images that are kept in memory from epoch to epoch; 0 keeps none.'),
  })
  .refine(({ fast, precision }) => fast || precision !== 'bfloat16', {
    path: ['precision'],
    error: 'The plain path (runtime.fast: false) is the reference and computes in float32; take float32 or auto.',
  });

const seed = z.int().min(0).max(2147483647);

/** The seed of everything that chance decides in a run. */
export const seedSetting = seed.default(1).describe('Random seed of sampling, initial values, order and augmentation.');

/** Seeds of single sources of chance. */
export const seedsSettings = z.strictObject({
  sample: seed.optional().describe('Which training and validation images are drawn.'),
  start: seed.optional().describe('Initial values of what is learned.'),
  order: seed.optional().describe('The order of the images, their crops and flips, and dropout.'),
});

/** What every data set takes besides its own options. */
export const datasetSettings = {
  shots: z
    .union([z.int().min(1), z.literal('all')])
    .default(16)
    .describe('Training images per class, or all.'),
  classes: z
    .enum(['all', 'base', 'novel'])
    .optional()
    .describe(
      'Classes to use: all, the first half by label (base), or the rest (novel). Default: those that the protocol trains on.',
    ),
};

/** What every loss takes besides its own options. */
export const lossSettings = {
  weight: z.number().min(0).default(1).describe('Weight of the loss in the total loss.'),
};

export type EvaluateSettings = z.output<typeof evaluateSettings>;
export type RuntimeSettings = z.output<typeof runtimeSettings>;
export type SeedsSettings = z.output<typeof seedsSettings>;

/** Option names that a plugin of a kind cannot use, for they are the configuration's own. */
export const reservedOptions: Readonly<Record<string, readonly string[]>> = {
  backbone: ['use'],
  dataset: ['use', ...Object.keys(datasetSettings)],
  prompt: ['use'],
  labels: ['use'],
  head: ['use'],
  tuning: ['use'],
  gradients: ['use'],
  loss: ['use', ...Object.keys(lossSettings)],
  protocol: ['use'],
  tracker: ['use'],
};
