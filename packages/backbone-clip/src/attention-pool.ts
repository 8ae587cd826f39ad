import * as tf from '@tensorflow/tfjs-core';
import { activate, type Activation } from './activation.js';
import type { PoolingWeights } from './clip-weights.js';
import { tunedNorm } from './plain/block.js';

/**
 * SigLIP's pooling head: a learned probe attends to the rows, y = o + mlp(ln o) of what it gets. The same on both paths; gradients by automatic
 * differentiation.
 *
 * @param rows after the last layer norm, [B, L, W]
 * @returns [B, W]
 */
export function poolByAttention(rows: tf.Tensor3D, weights: PoolingWeights, activation: Activation): tf.Tensor2D {
  const [batch, length, width] = rows.shape;
  const { probe, inputProjection, outputProjection, ln, up, down, heads } = weights;
  const perHead = width / heads;
  const flat: tf.Tensor2D = tf.reshape(rows, [batch * length, width]);
  const project = (x: tf.Tensor2D, part: number): tf.Tensor2D =>
    tf.add(
      tf.matMul(x, tf.slice(inputProjection.weight, [0, part * width], [-1, width]) as tf.Tensor2D),
      tf.slice(inputProjection.bias, part * width, width),
    );
  const query = tf.mul(tf.reshape(project(probe, 0), [1, 1, heads, perHead]), perHead ** -0.5);
  const keys = tf.reshape(project(flat, 1), [batch, length, heads, perHead]);
  const values = tf.reshape(project(flat, 2), [batch, length, heads, perHead]);
  const scores = tf.sum<tf.Tensor3D>(tf.mul(keys, query), 3); // [B, L, H]
  const shares = tf.softmax(tf.transpose(scores, [0, 2, 1])); // [B, H, L]
  const ofRows = tf.expandDims(tf.transpose(shares, [0, 2, 1]), 3); // [B, L, H, 1]
  const mixed: tf.Tensor2D = tf.reshape(tf.sum(tf.mul(values, ofRows), 1), [batch, width]);
  const attended: tf.Tensor2D = tf.add(tf.matMul(mixed, outputProjection.weight), outputProjection.bias);
  const hidden = activate(tf.add(tf.matMul(tunedNorm(attended, ln), up.weight), up.bias), activation);
  return tf.add(attended, tf.add(tf.matMul(hidden, down.weight), down.bias));
}
