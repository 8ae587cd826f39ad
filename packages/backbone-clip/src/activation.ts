import * as tf from '@tensorflow/tfjs-core';

/** The non-linearity of the blocks' MLPs. OpenAI's models use QuickGELU, x · σ(1.702 x). */
export type Activation = 'quick-gelu' | 'gelu';

/** Value of the activation, same shape as x. */
export function activate(x: tf.Tensor2D, activation: Activation): tf.Tensor2D {
  if (activation === 'quick-gelu') return tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)));
  return tf.mul(x, normalCdf(x));
}

/** Φ(x), the distribution function of N(0, 1). */
export function normalCdf(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}
