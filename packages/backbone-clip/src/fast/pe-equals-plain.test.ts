import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { seededNormal, type Prompts } from '@promptweave/core';
import { expect, it } from 'vitest';
import { PE_FORM } from '../clip-form.js';
import type { randomClip, RandomClipOptions } from '../random-clip.js';
import { randomTuning, tuningChoice, type TuningChoice } from '../random-tuning.test.support.js';
import { compare, outcomeOf } from './equality.test.support.js';

/** Small PE-Cores, with and without a class token; the pooling head has 8 heads. */
const model = fc
  .record({
    seed: fc.nat(1000),
    heads: fc.constantFrom(1, 2, 4),
    layers: fc.integer({ min: 1, max: 3 }),
    grid: fc.integer({ min: 1, max: 3 }),
    classToken: fc.boolean(),
    pooled: fc.constantFrom('patches' as const, 'all' as const),
  })
  .map(({ seed, heads, layers, grid, classToken, pooled }): RandomClipOptions => {
    const tower = { width: 16, layers, heads };
    const side = classToken ? grid : grid + 1; // one row alone attends to itself: gradients of its queries are rounding, and no measure
    return {
      ...{ seed, embedding: 12, vocabulary: 50, activation: 'gelu', form: PE_FORM, pooled },
      vision: { ...tower, imageSize: 4 * side + (seed % 2), patchSize: 4, classToken, pooling: 'attention' },
      text: { ...tower, contextLength: 12 },
    };
  });

interface VisionCase {
  readonly model: RandomClipOptions;
  readonly recompute: boolean;
  readonly n: number;
  readonly deep: number;
  readonly rows: boolean;
  readonly trace: boolean;
  readonly tuning?: TuningChoice;
}

const visionCase: fc.Arbitrary<VisionCase> = model.chain((clip) =>
  fc.record({
    model: fc.constant(clip),
    recompute: fc.boolean(),
    n: fc.nat(2),
    deep: fc.nat(clip.vision.layers - 1),
    rows: fc.boolean(),
    trace: fc.boolean(),
    tuning: fc.option(tuningChoice(clip.vision.layers, true), { nil: undefined }),
  }),
);

it('the fast path of a PE-Core equals the plain path: features, states and gradients of prompts and tuning', () => {
  const tensors = tf.memory().numTensors;
  fc.assert(
    fc.property(visionCase, (vision) =>
      compare(vision.model, vision, (clip) => tf.tidy(() => outcomeOfImages(clip, vision))),
    ),
    { numRuns: 20, seed: 20261128 },
  );
  expect(tf.memory().numTensors).toBe(tensors);
});

function outcomeOfImages(
  clip: ReturnType<typeof randomClip>,
  { model: options, n, deep, rows, trace, tuning }: VisionCase,
) {
  const { width, imageSize } = options.vision;
  const prompts = Array.from(
    { length: n === 0 ? 0 : 1 + deep },
    (_, i) => seededNormal([n, width], 0.5, 17, `prompt ${i}`) as tf.Tensor2D,
  );
  const tuned = tuning && randomTuning(tuning, width, 5);
  const learned = tuned?.draw() ?? [];
  return outcomeOf([...prompts, ...learned], (given) => {
    const [shallow, ...later] = given.slice(0, prompts.length) as tf.Tensor2D[];
    const images = seededNormal([2, 3, imageSize, imageSize], 1, options.seed, 'images') as tf.Tensor4D;
    const states: tf.Tensor3D[] = [];
    const promptRows: tf.Tensor3D[] = [];
    const features = clip.encodeImages(images, shallow && ({ shallow, deep: later } as Prompts), {
      ...(rows && { promptRows }),
      ...(trace && { trace: states }),
      ...(tuned && { tuning: tuned.build(given.slice(prompts.length)) }),
    });
    return [features, ...promptRows, ...states];
  });
}
