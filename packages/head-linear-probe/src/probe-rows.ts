import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, normalise, type HeadMaterial, type LabelledFeatures } from '@promptweave/core';

/** Images of all views as rows, [K · views, E], and their classes. Call within `tf.tidy`. */
export function rowsOf(
  { views, labels }: LabelledFeatures,
  normalised: boolean,
): { rows: tf.Tensor2D; labels: Int32Array } {
  const all = tf.concat([...views]) as tf.Tensor2D;
  const each = labels.dataSync() as Int32Array;
  return {
    rows: normalised ? normalise(all) : all,
    labels: Int32Array.from({ length: views.length * each.length }, (_, i) => each[i % each.length]!),
  };
}

/** Images whose class has the largest logit. */
export function countCorrect(logits: tf.Tensor2D, labels: Int32Array): number {
  const answers = tf.tidy(() => tf.argMax(logits, -1).dataSync());
  return labels.reduce((sum, label, i) => sum + (answers[i] === label ? 1 : 0), 0);
}

/** @throws ConfigError where there are no validation images */
export function validationOf({ validation }: HeadMaterial, option: string, what: string): LabelledFeatures {
  if (validation) return validation;
  throw new ConfigError(`There are no validation images on which ${what} could be chosen.`, {
    where: option,
    remedy: `Set ${option}, or take a data set with validation images.`,
  });
}
