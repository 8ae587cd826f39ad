import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect } from 'vitest';
import { bfloat16On } from '../precision.js';
import { selectBackend } from '../select-backend.js';

/** What multiplies bfloat16 on the chosen backend, or why nothing does. */
export const found = await bfloat16On(await selectBackend(tf.getBackend() as 'tensorflow'));
const without = 'not' in found ? found.not : undefined;

export const isLeftOut = without !== undefined;
/** For the name of a suite. */
export const leftOut = isLeftOut ? ` (left out: ${without})` : '';

/** After each test of the file there are as many tensors as before. */
export function guardTensors(): void {
  let tensors: number;
  beforeEach(() => {
    tensors = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors).toBe(tensors);
  });
}

/** Runs a fused operation by its name without the prefix `Promptweave`. */
export function run(name: string, inputs: readonly tf.Tensor[], attributes: tf.NamedAttrMap = {}): tf.Tensor[] {
  const map = inputs as unknown as tf.NamedTensorMap;
  return tf.engine().runKernel(`Promptweave${name}`, map, attributes) as unknown as tf.Tensor[];
}

/** Gives tensors of standard normal numbers, others with every call. */
export function drawing(): (...shape: number[]) => tf.Tensor {
  let seed = 0;
  return (...shape) => tf.randomNormal(shape, 0, 1, 'float32', ++seed);
}

/** ‖a − b‖ / ‖b‖; 0 where both are 0. */
export function distance(a: tf.Tensor, b: tf.Tensor): number {
  const [apart, size] = [tf.norm(tf.sub(a, b)), tf.norm(b)].map((norm) => norm.dataSync()[0]!);
  return apart === 0 ? 0 : apart! / size!;
}
