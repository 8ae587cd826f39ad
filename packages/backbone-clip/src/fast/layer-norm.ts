import * as tf from '@tensorflow/tfjs-core';
import { timesFrozen, type FrozenLinear } from './frozen-matrix.js';
import { fused } from './fused.js';

/** x̂ of x [N, W], and the reciprocal root of the variance, [N, 1]. */
export interface Standardised {
  readonly standard: tf.Tensor2D;
  readonly reciprocal: tf.Tensor2D;
}

/** The only ε that the fused operations know. */
const FUSED = 1e-5;

/** x̂ = (x − mean) / √(variance + ε) over the rows of x [N, W]. */
export function standardise(x: tf.Tensor2D, epsilon = FUSED): Standardised {
  const done = epsilon === FUSED ? fused<[tf.Tensor2D, tf.Tensor2D]>('Standardise', [x]) : undefined;
  if (done) return { standard: done[0], reciprocal: done[1] };
  return tf.tidy(() => {
    const centred: tf.Tensor2D = tf.sub(x, tf.mean(x, -1, true));
    const reciprocal: tf.Tensor2D = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
    return { standard: tf.mul<tf.Tensor2D>(centred, reciprocal), reciprocal };
  });
}

/** total = x + y · W + b, and {@link standardise} of it; x [N, W]. */
export function standardiseSum(
  x: tf.Tensor2D,
  y: tf.Tensor2D,
  linear: FrozenLinear,
  epsilon = FUSED,
): Standardised & { readonly total: tf.Tensor2D } {
  return tf.tidy(() => {
    const product = timesFrozen(y, linear.weight);
    const inputs = [x, product, linear.bias];
    const done =
      epsilon === FUSED ? fused<[tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]>('StandardiseSum', inputs) : undefined;
    if (done) return { standard: done[0], reciprocal: done[1], total: done[2] };
    const total: tf.Tensor2D = tf.add(x, tf.add(product, linear.bias));
    return { ...standardise(total, epsilon), total };
  });
}

/**
 * residual + the gradient of {@link standardise}, r · (d − mean(d) − x̂ · mean(d · x̂)), where d comes through centred weights (`foldBlock`),
 * so that mean(d) is 0. All [N, W] but the reciprocal.
 */
export function standardiseBackward(
  residual: tf.Tensor2D,
  d: tf.Tensor2D,
  { standard, reciprocal }: Standardised,
): tf.Tensor2D {
  const done = fused<[tf.Tensor2D]>('StandardiseBackward', [residual, d, standard, reciprocal]);
  if (done) return done[0];
  return tf.tidy(() => {
    const along = tf.mean(tf.mul(d, standard), -1, true);
    return tf.add(residual, tf.mul(tf.sub(d, tf.mul(standard, along)), reciprocal));
  });
}
