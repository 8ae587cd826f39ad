import { keptOutcome } from '@promptweave/core/experiment';
import * as tf from '@tensorflow/tfjs-core';

/** W [C, E] and b [C] of logits f · Wᵀ + b, of f / |f| where it is normalised. */
export interface LinearHead {
  readonly normalised: boolean;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Random features on which a head is compared with its matrix, and the share of the largest logit by which they may differ. */
const TRIALS = 8;
const TOLERANCE = 1e-5;

/**
 * The matrix of a head whose logits are an affine function of image features, or of their direction; undefined where they are not.
 * It is read off at the unit vectors and compared at random features of other lengths.
 * @param logits of features before normalisation, [B, E] → [B, C]
 */
export function linearHead(logits: (features: tf.Tensor2D) => tf.Tensor2D, width: number): LinearHead | undefined {
  return keptOutcome(() => {
    const unit = tf.eye(width);
    const found = [true, false].find((normalised) => fits(logits, ...readOff(logits, unit, normalised), normalised));
    if (found === undefined) return undefined;
    const [weight, bias] = readOff(logits, unit, found);
    return {
      normalised: found,
      weight: tf.transpose(weight).dataSync<'float32'>(),
      bias: bias.dataSync<'float32'>(),
    };
  });
}

/** Wᵀ [E, C] and b [C], if there are such. */
function readOff(
  logits: (features: tf.Tensor2D) => tf.Tensor2D,
  unit: tf.Tensor2D,
  normalised: boolean,
): [tf.Tensor2D, tf.Tensor1D] {
  const at = logits(unit);
  if (normalised) {
    const opposite = logits(tf.neg(unit));
    const sum: tf.Tensor2D = tf.add(at, opposite);
    return [tf.div(tf.sub(at, opposite), 2), tf.div(tf.reshape(tf.slice(sum, [0, 0], [1, -1]), [-1]), 2)];
  }
  const origin = logits(tf.zeros([1, unit.shape[0]]));
  return [tf.sub(at, origin), tf.reshape(origin, [-1])];
}

function fits(
  logits: (features: tf.Tensor2D) => tf.Tensor2D,
  weight: tf.Tensor2D,
  bias: tf.Tensor1D,
  normalised: boolean,
): boolean {
  const lengths = tf.randomUniform([TRIALS, 1], 0.1, 10, 'float32', 2);
  const features: tf.Tensor2D = tf.mul(tf.randomNormal([TRIALS, weight.shape[0]], 0, 1, 'float32', 1), lengths);
  const seen: tf.Tensor2D = normalised ? tf.div(features, tf.norm(features, 'euclidean', -1, true)) : features;
  const expected = logits(features);
  const difference = tf.max(tf.abs(tf.sub(tf.add(tf.matMul(seen, weight), bias), expected))).dataSync()[0]!;
  const largest = tf.max(tf.abs(expected)).dataSync()[0]!;
  return difference <= TOLERANCE * Math.max(1, largest); // false for what is no number
}
