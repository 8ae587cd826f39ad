import type * as tf from '@tensorflow/tfjs-core';
import { seededUniform } from './maths.js';

/**
 * Start values of a linear layer as PyTorch draws them: weight [out, in] and bias [out] from U(−1/√in, 1/√in), under the
 * names `${name}.weight` and `${name}.bias`.
 */
export function linearStart(
  name: string,
  inputs: number,
  outputs: number,
  seed: number,
  seedName = name,
): Record<string, tf.Tensor> {
  const bound = 1 / Math.sqrt(inputs);
  return {
    [`${name}.weight`]: seededUniform([outputs, inputs], bound, seed, `${seedName}.weight`),
    [`${name}.bias`]: seededUniform([outputs], bound, seed, `${seedName}.bias`),
  };
}
