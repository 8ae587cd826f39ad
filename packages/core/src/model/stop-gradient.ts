import * as tf from '@tensorflow/tfjs-core';

/** x as a constant: no gradient flows through it. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  const { shape } = x; // x itself may be gone when the gradient is asked for
  const constant = tf.customGrad((input) => ({
    value: tf.clone(input as tf.Tensor),
    gradFunc: () => tf.zeros(shape),
  }));
  return constant(x) as T;
}
