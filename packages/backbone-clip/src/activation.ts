import * as tf from '@tensorflow/tfjs-core';

/** The non-linearity of the blocks' MLPs. OpenAI's models use QuickGELU, x · σ(1.702 x). */
export type Activation = 'quick-gelu' | 'gelu';

/** Value of the activation, same shape as x. */
export function activate(x: tf.Tensor2D, activation: Activation): tf.Tensor2D {
  if (activation === 'quick-gelu') return tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)));
  return tf.mul(x, normalCdf(x));
}

/** dy · activation′(x), same shape as x. */
export function activateBackward(dy: tf.Tensor2D, x: tf.Tensor2D, activation: Activation): tf.Tensor2D {
  if (activation === 'quick-gelu') {
    const gate = tf.sigmoid(tf.mul(x, 1.702));
    // (x σ(ax))′ = σ + a x σ (1 − σ) = σ (1 + a x (1 − σ))
    return tf.mul(dy, tf.mul(gate, tf.add(tf.mul(tf.mul(x, 1.702), tf.sub(1, gate)), 1)));
  }
  const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return tf.mul(dy, tf.add(normalCdf(x), tf.mul(x, density)));
}

function normalCdf(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}
