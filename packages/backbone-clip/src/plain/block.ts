import * as tf from '@tensorflow/tfjs-core';
import { layerNorm, type AffineTuning, type BlockLayer, type BlockTuning, type Branch } from '@promptweave/core';
import { activate, type Activation } from '../activation.js';
import type { BlockWeights, LayerNormWeights, LinearWeights } from '../clip-weights.js';
import { turned, type Rotation } from '../rotation.js';

/** What is learned within a block, and a number for each row of x that its branches are told. */
export interface TunedRows {
  readonly tuning: BlockTuning;
  /** [N·L]. */
  readonly ids: Int32Array;
}

/**
 * One pre-LN transformer block (CLIP §2.4): x + attention(ln_1 x), then x + mlp(ln_2 x), and what is learned within it. The readable
 * reference; gradients by automatic differentiation.
 *
 * @param x [N, L, W]
 * @param mask added to the attention scores, [L, L]
 * @param rotation of queries and keys
 * @returns [N, L, W]
 */
export function block(
  x: tf.Tensor3D,
  weights: BlockWeights,
  heads: number,
  activation: Activation,
  mask?: tf.Tensor2D,
  tuned?: TunedRows,
  rotation?: Rotation,
): tf.Tensor3D {
  const [n, length, width] = x.shape;
  const rows: tf.Tensor2D = tf.reshape(x, [n * length, width]); // [N·L, W]
  const first = tunedNorm(rows, weights.ln1, tuned?.tuning.ln1);
  const attended = attention(first, [n, length], weights, heads, mask, tuned, rotation);
  const afterAttention: tf.Tensor2D = tf.add(rows, attended);
  const hidden = activate(
    linear(tunedNorm(afterAttention, weights.ln2, tuned?.tuning.ln2), weights.up, 'up', tuned),
    activation,
  );
  const output: tf.Tensor2D = tf.add(afterAttention, linear(hidden, weights.down, 'down', tuned));
  const adapted = added(output, first, tuned?.tuning.adapter, tuned);
  return tf.reshape(adapted, [n, length, width]);
}

/** A layer norm, with what is learned in place of its frozen values. */
export function tunedNorm(
  x: tf.Tensor2D,
  { weight, bias, epsilon }: LayerNormWeights,
  tuning: AffineTuning = {},
): tf.Tensor2D {
  return layerNorm(x, tuning.weight ?? weight, tuning.bias ?? bias, epsilon);
}

/** Multi-head self-attention, softmax(q kᵀ / √d + mask) v; x and result [N·L, W]. */
function attention(
  x: tf.Tensor2D,
  [n, length]: [number, number],
  { inputProjection, outputProjection }: BlockWeights,
  heads: number,
  mask?: tf.Tensor2D,
  tuned?: TunedRows,
  rotation?: Rotation,
): tf.Tensor2D {
  const width = x.shape[1];
  const perHead = width / heads;
  const [q, k, v] = (['q', 'k', 'v'] as const).map((layer, i) => {
    const weight: tf.Tensor2D = tf.slice(inputProjection.weight, [0, i * width], [-1, width]);
    const bias: tf.Tensor1D = tf.slice(inputProjection.bias, i * width, width);
    const projected = tf.reshape(linear(x, { weight, bias }, layer, tuned), [n, length, heads, perHead]);
    const ofHeads = tf.transpose(projected, [0, 2, 1, 3]) as tf.Tensor4D; // [N, H, L, d]
    return rotation && layer !== 'v' ? turned(ofHeads, rotation) : ofHeads;
  });
  const scores = tf.div(tf.matMul(q!, k!, false, true), Math.sqrt(perHead)); // [N, H, L, L]
  const weightsOfValues = tf.softmax(mask ? tf.add(scores, mask) : scores);
  const mixed = tf.matMul(weightsOfValues, v!); // [N, H, L, d]
  const merged = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [n * length, width]) as tf.Tensor2D;
  return linear(merged, outputProjection, 'o', tuned);
}

/** x · W + b, and what is learned of that layer. */
function linear(x: tf.Tensor2D, { weight, bias }: LinearWeights, layer: BlockLayer, tuned?: TunedRows): tf.Tensor2D {
  const y: tf.Tensor2D = tf.add(tf.matMul(x, weight), tuned?.tuning.biases?.[layer] ?? bias);
  return added(y, x, tuned?.tuning.branches?.[layer], tuned);
}

/** y + branch(x). */
function added(y: tf.Tensor2D, x: tf.Tensor2D, branch?: Branch, tuned?: TunedRows): tf.Tensor2D {
  return branch ? tf.add(y, branch.apply(x, branch.variables, tuned!.ids)) : y;
}
