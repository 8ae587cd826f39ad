import * as tf from '@tensorflow/tfjs-core';
import { normalCdf } from '../activation.js';

/**
 * The non-linearity of a folded block. QuickGELU, x σ(1.702 x), is SiLU, z σ(z), of z = 1.702 x: the factor is folded into
 * the linear layers before and after.
 */
export type FoldedActivation = 'silu' | 'gelu';

/** Value of the activation, same shape as x. */
export function activateFolded(x: tf.Tensor2D, activation: FoldedActivation): tf.Tensor2D {
  return tf.mul(x, activation === 'silu' ? tf.sigmoid(x) : normalCdf(x));
}

/** dy · activation′(x), same shape as x. */
export function activateFoldedBackward(dy: tf.Tensor2D, x: tf.Tensor2D, activation: FoldedActivation): tf.Tensor2D {
  if (activation === 'silu') {
    const gate = tf.sigmoid(x);
    // (x σ)′ = σ + x σ (1 − σ) = σ (1 + x (1 − σ))
    return tf.mul(tf.mul(dy, gate), tf.add(tf.mul(x, tf.sub(1, gate)), 1));
  }
  const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return tf.mul(dy, tf.add(normalCdf(x), tf.mul(x, density)));
}
