import * as tf from '@tensorflow/tfjs-core';

/** x̂ = (x − mean) / √(variance + 1e-5) over the rows of x [N, W], and the reciprocal root [N, 1]. */
export function standardise(x: tf.Tensor2D): { readonly standard: tf.Tensor2D; readonly reciprocal: tf.Tensor2D } {
  return tf.tidy(() => {
    const centred: tf.Tensor2D = tf.sub(x, tf.mean(x, -1, true));
    const reciprocal: tf.Tensor2D = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5));
    return { standard: tf.mul<tf.Tensor2D>(centred, reciprocal), reciprocal };
  });
}

/**
 * Gradient of {@link standardise}, r · (d − mean(d) − x̂ · mean(d · x̂)), where d comes through centred weights (`foldBlock`), so that
 * mean(d) is 0.
 */
export function standardiseBackward(d: tf.Tensor2D, standard: tf.Tensor2D, reciprocal: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const along = tf.mean(tf.mul(d, standard), -1, true);
    return tf.mul(tf.sub(d, tf.mul(standard, along)), reciprocal);
  });
}
