import * as tf from '@tensorflow/tfjs-core';

/** The non-linearity of the blocks' MLPs. OpenAI's models use QuickGELU, x · σ(1.702 x); SigLIP was trained with the tanh form of GELU. */
export type Activation = 'quick-gelu' | 'gelu' | 'gelu-tanh';

/** Value of the activation, same shape as x. */
export function activate(x: tf.Tensor2D, activation: Activation): tf.Tensor2D {
  if (activation === 'quick-gelu') return tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)));
  return tf.mul(x, activation === 'gelu' ? normalCdf(x) : tanhCdf(x));
}

/** Φ(x), the distribution function of N(0, 1). */
export function normalCdf(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
}

/** √(2/π) and the factor of the cube in the tanh form of GELU. */
export const TANH_GELU = { scale: Math.sqrt(2 / Math.PI), cube: 0.044715 } as const;

/** (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, which is near {@link normalCdf}. */
export function tanhCdf(x: tf.Tensor2D): tf.Tensor2D {
  const { scale, cube } = TANH_GELU;
  const inner = tf.mul(tf.mul(x, tf.add(tf.mul(tf.square(x), cube), 1)), scale);
  return tf.mul(tf.add(tf.tanh(inner), 1), 0.5);
}
