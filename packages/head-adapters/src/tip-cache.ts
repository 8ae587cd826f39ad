import * as tf from '@tensorflow/tfjs-core';
import { classRows, normalise, oneHotRows, type LabelledFeatures } from '@promptweave/core';

/** α and β of Tip-Adapter. */
export interface Sharpness {
  readonly alpha: number;
  readonly beta: number;
}

/** Keys of a cache: the mean over views of the features before normalisation, normalised, [K, E]. */
export function cacheKeys({ views }: LabelledFeatures): tf.Tensor2D {
  return tf.tidy(() => normalise(tf.div(tf.addN([...views]), views.length)));
}

/** One-hot classes of the keys, as the classes at hand see them: a class that has no key has a column of zeros, [K, C]. */
export function cacheValues(
  labels: tf.Tensor1D,
  trained: readonly string[],
  classNames: readonly string[],
): tf.Tensor2D {
  return tf.tidy(() => {
    const values = oneHotRows(labels, trained.length); // [K, trained]
    const columns = classRows(classNames, trained);
    const zeros = tf.zeros<tf.Rank.R2>([labels.shape[0], 1]);
    const padded = tf.concat([values, zeros], 1);
    return tf.gather(
      padded,
      tf.tensor1d(
        columns.map((c) => (c < 0 ? trained.length : c)),
        'int32',
      ),
      1,
    );
  });
}

/** α · exp(−β (1 − v·Fᵀ)) · values: the cache's share of the logits, [B, C]. */
export function cacheLogits(
  affinity: tf.Tensor2D,
  values: tf.Tensor2D,
  { alpha, beta }: { readonly alpha: number | tf.Tensor; readonly beta: number | tf.Tensor },
): tf.Tensor2D {
  const closeness: tf.Tensor2D = tf.exp(tf.mul(tf.sub(affinity, 1), beta)); // [B, K]
  return tf.mul(tf.matMul(closeness, values), alpha);
}
