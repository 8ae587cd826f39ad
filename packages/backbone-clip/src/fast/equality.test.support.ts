import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { seededNormal } from '@promptweave/core';
import { composed } from '@promptweave/core/testing';
import { expect } from 'vitest';
import type { Activation } from '../activation.js';
import type { ClipBackbone, ClipComputation } from '../clip-backbone.js';
import { randomClip, type RandomClipOptions } from '../random-clip.js';

/** The plain path is the reference: dense, with automatic differentiation. */
const VALUES = 1e-5;
const GRADIENTS = 1e-4;
/** Gradients this much smaller than the largest one are rounding: that of the keys' bias is 0. */
const NOISE = 1e-3;

const activation = fc.constantFrom<Activation>('quick-gelu', 'gelu');

const towers = fc.record({
  seed: fc.nat(1000),
  heads: fc.integer({ min: 1, max: 3 }),
  perHead: fc.constantFrom(4, 8, 16),
  layers: fc.integer({ min: 1, max: 4 }),
  embedding: fc.integer({ min: 3, max: 12 }),
  activation,
});

/** Small towers of any shape. */
export const model = fc
  .record({ tower: towers, contextLength: fc.integer({ min: 12, max: 20 }), grid: fc.integer({ min: 1, max: 3 }) })
  .map(({ tower: { seed, heads, perHead, layers, embedding, activation }, contextLength, grid }) => ({
    seed,
    vision: { width: heads * perHead, layers, heads, imageSize: 4 * grid + (seed % 2), patchSize: 4 },
    text: { width: heads * perHead, layers, heads, contextLength },
    embedding,
    vocabulary: 50,
    activation,
  }));

/** Values, and gradients of their product with fixed random numbers. */
export type Outcome = {
  readonly values: Float32Array[];
  readonly gradients: Float32Array[];
};

/** Runs the same on both paths and compares them; now and then also as programs, first recorded and then run by TensorFlow: to the bit. */
export function compare(
  options: RandomClipOptions,
  computation: Omit<ClipComputation, 'fast'>,
  run: (clip: ClipBackbone) => Outcome,
): void {
  const [fast, plain] = [
    { ...computation, fast: true },
    { fast: false, recompute: false },
  ].map((how) => {
    const clip = randomClip(options, how);
    const outcome = composed(() => run(clip));
    if (how.fast && options.seed % 4 === 0) for (let i = 0; i < 3; i++) expect(run(clip)).toEqual(outcome);
    clip.dispose();
    return outcome;
  }) as [Outcome, Outcome];
  expect(fast.values).toHaveLength(plain.values.length);
  fast.values.forEach((values, i) => expect(distance(values, plain.values[i]!), `value ${i}`).toBeLessThan(VALUES));
  expect(fast.gradients).toHaveLength(plain.gradients.length);
  const largest = Math.max(0, ...plain.gradients.map((values) => Math.hypot(...values)));
  fast.gradients.forEach((values, i) =>
    expect(distance(values, plain.gradients[i]!, NOISE * largest), `gradient ${i}`).toBeLessThan(GRADIENTS),
  );
}

/** Values of `compute`, and gradients with respect to its inputs. Call within `tf.tidy`. */
export function outcomeOf<T extends tf.Tensor>(inputs: T[], compute: (inputs: T[]) => tf.Tensor[]): Outcome {
  const values = compute(inputs).map((value) => value.dataSync<'float32'>().slice());
  if (inputs.length === 0) return { values, gradients: [] };
  const weighted = (): tf.Tensor => {
    const all = compute(inputs).map((value, i) =>
      tf.sum(tf.mul(value, seededNormal(value.shape, 1, 23, `weight ${i}`))),
    );
    return tf.addN(all);
  };
  const { grads } = tf.engine().gradients(weighted, inputs, undefined, true);
  const gradients = grads.map((gradient, i) => (gradient as tf.Tensor | null) ?? tf.zerosLike(inputs[i]!)); // of a block that does not run
  return { values, gradients: gradients.map((gradient) => gradient.dataSync<'float32'>().slice()) };
}

/** ‖a − b‖ / ‖b‖; 0 where both are 0. A norm below `least` is taken for that. */
function distance(a: Float32Array, b: Float32Array, least = 0): number {
  expect(a).toHaveLength(b.length);
  const difference = Math.hypot(...a.map((value, i) => value - b[i]!));
  return difference === 0 ? 0 : difference / Math.max(Math.hypot(...b), least);
}
