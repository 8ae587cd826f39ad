import * as tf from '@tensorflow/tfjs-core';
import type { LinearWeights } from '../clip-weights.js';
import type { SequenceGroup } from './attention.js';

/** x · W + b. */
export function apply(x: tf.Tensor2D, { weight, bias }: LinearWeights): tf.Tensor2D {
  return tf.add(tf.matMul(x, weight), bias);
}

/** Gradient of x · W + b with respect to x. */
export function through(dy: tf.Tensor2D, { weight }: LinearWeights): tf.Tensor2D {
  return tf.matMul(dy, weight, false, true);
}

/** The rows of one group, [C·L, W]. */
export function rowsOf(x: tf.Tensor2D, { start, count, length }: SequenceGroup): tf.Tensor2D {
  return count * length === x.shape[0] ? x : tf.slice(x, [start, 0], [count * length, -1]);
}

/** All rows, one part after the other. */
export function concatRows(parts: tf.Tensor2D[]): tf.Tensor2D {
  return parts.length === 1 ? parts[0]! : tf.concat(parts, 0);
}

/** Sum of tensors of one shape. */
export function sumOf<T extends tf.Tensor>(tensors: T[]): T {
  return tensors.length === 1 ? tensors[0]! : (tf.addN(tensors) as T);
}
