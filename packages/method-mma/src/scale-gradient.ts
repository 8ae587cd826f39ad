import * as tf from '@tensorflow/tfjs-core';

/** x, and its gradient times a constant. */
export function scaleGradient(x: tf.Tensor2D, factor: number): tf.Tensor2D {
  const scaled = tf.customGrad((input) => ({
    value: tf.clone(input as tf.Tensor2D),
    gradFunc: (dy: tf.Tensor) => tf.mul(dy, factor),
  }));
  return scaled(x) as tf.Tensor2D;
}
