import * as tf from '@tensorflow/tfjs-core';
import { layerNorm } from '@promptweave/core';
import { activate, type Activation } from '../activation.js';
import type { BlockWeights, LinearWeights } from '../clip-weights.js';

/**
 * One pre-LN transformer block (CLIP §2.4): x + attention(ln_1 x), then x + mlp(ln_2 x). The readable reference;
 * gradients by automatic differentiation.
 *
 * @param x [N, L, W]
 * @param mask added to the attention scores, [L, L]
 * @returns [N, L, W]
 */
export function block(
  x: tf.Tensor3D,
  weights: BlockWeights,
  heads: number,
  activation: Activation,
  mask?: tf.Tensor2D,
): tf.Tensor3D {
  const [n, length, width] = x.shape;
  const rows: tf.Tensor2D = tf.reshape(x, [n * length, width]); // [N·L, W]
  const attended = attention(layerNorm(rows, weights.ln1.weight, weights.ln1.bias), [n, length], weights, heads, mask);
  const afterAttention: tf.Tensor2D = tf.add(rows, attended);
  const normalised = layerNorm(afterAttention, weights.ln2.weight, weights.ln2.bias);
  const mlp = apply(activate(apply(normalised, weights.up), activation), weights.down);
  return tf.reshape(tf.add(afterAttention, mlp), [n, length, width]);
}

/** Multi-head self-attention, softmax(q kᵀ / √d + mask) v; x and result [N·L, W]. */
function attention(
  x: tf.Tensor2D,
  [n, length]: [number, number],
  weights: BlockWeights,
  heads: number,
  mask?: tf.Tensor2D,
): tf.Tensor2D {
  const width = x.shape[1];
  const perHead = width / heads;
  const projected = tf.reshape(apply(x, weights.inputProjection), [n, length, 3, heads, perHead]);
  const [q, k, v] = tf.unstack(tf.transpose(projected, [2, 0, 3, 1, 4])) as tf.Tensor4D[]; // each [N, H, L, d]
  const scores = tf.div(tf.matMul(q!, k!, false, true), Math.sqrt(perHead)); // [N, H, L, L]
  const weightsOfValues = tf.softmax(mask ? tf.add(scores, mask) : scores);
  const mixed = tf.matMul(weightsOfValues, v!); // [N, H, L, d]
  const merged = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [n * length, width]) as tf.Tensor2D;
  return apply(merged, weights.outputProjection);
}

function apply(x: tf.Tensor2D, { weight, bias }: LinearWeights): tf.Tensor2D {
  return tf.add(tf.matMul(x, weight), bias);
}
