import * as tf from '@tensorflow/tfjs-core';
import { turned, turnedBack, type Rotation } from '../rotation.js';
import { inBfloat16, type Precision } from './frozen-matrix.js';
import { fused } from './fused.js';

/** Queries [H, C, Lq, d], keys and values [H, C, Lk, d] of one group. */
export interface HeadSplit {
  readonly q: tf.Tensor4D;
  readonly k: tf.Tensor4D;
  readonly v: tf.Tensor4D;
}

/** Queries and keys turned by the place of their rows; as they are where nothing turns. */
export function turnedHeads(heads: HeadSplit, rotation: (() => Rotation) | undefined): HeadSplit {
  if (!rotation) return heads;
  return tf.tidy(() => {
    const by = rotation();
    return { q: turned(heads.q, by), k: turned(heads.k, by), v: heads.v };
  });
}

/** Gradients of what {@link turnedHeads} was given, from those of what it gave. */
export function turnedHeadsBackward(d: HeadSplit, rotation: (() => Rotation) | undefined): HeadSplit {
  if (!rotation) return d;
  return tf.tidy(() => {
    const by = rotation();
    return { q: turnedBack(d.q, by), k: turnedBack(d.k, by), v: d.v };
  });
}

/** Attention weights and mixed values of one group. */
export interface Attended {
  /** [H, C, Lq, Lk]. */
  readonly weights: tf.Tensor4D;
  /** [H, C, Lq, d]. */
  readonly mixed: tf.Tensor4D;
}

/**
 * softmax(q kᵀ + mask) v; queries are already divided by √d.
 *
 * @param mask [Lq, Lk] or [C, Lq, Lk]
 * @param precision of the operands of both products; sums and softmax are float32
 */
export function attend({ q, k, v }: HeadSplit, mask?: tf.Tensor, precision: Precision = 'float32'): Attended {
  if (precision === 'bfloat16') {
    const inputs = mask ? [q, k, v, mask] : [q, k, v];
    const done = inBfloat16<tf.Tensor4D[]>('Bfloat16Attention', inputs, { masks: mask ? 1 : 0 });
    return { weights: done[0]!, mixed: done[1]! };
  }
  return tf.tidy(() => {
    const weights = maskedSoftmax(tf.matMul(q, k, false, true), mask);
    return { weights, mixed: tf.matMul<tf.Tensor4D>(weights, v) };
  });
}

/** Gradients of {@link attend} with respect to q, k and v. */
export function attendBackward(
  dMixed: tf.Tensor4D,
  weights: tf.Tensor4D,
  { q, k, v }: HeadSplit,
  precision: Precision = 'float32',
): HeadSplit {
  if (precision === 'bfloat16') {
    const done = inBfloat16<tf.Tensor4D[]>('Bfloat16AttentionBackward', [dMixed, weights, q, k, v]);
    return { q: done[0]!, k: done[1]!, v: done[2]! };
  }
  return tf.tidy(() => {
    const dScores = softmaxBackward(tf.matMul(dMixed, v, false, true), weights);
    return {
      q: tf.matMul<tf.Tensor4D>(dScores, k),
      k: tf.matMul<tf.Tensor4D>(dScores, q, true, false),
      v: tf.matMul<tf.Tensor4D>(weights, dMixed, true, false),
    };
  });
}

function maskedSoftmax(scores: tf.Tensor4D, mask?: tf.Tensor): tf.Tensor4D {
  const done = fused<[tf.Tensor4D]>('Softmax', mask ? [scores, mask] : [scores], { masks: mask ? 1 : 0 });
  return done?.[0] ?? tf.softmax(mask ? tf.add<tf.Tensor4D>(scores, mask) : scores);
}

/** weights ∘ (dWeights − Σ dWeights ∘ weights), the sum over the keys. */
function softmaxBackward(dWeights: tf.Tensor4D, weights: tf.Tensor4D): tf.Tensor4D {
  const done = fused<[tf.Tensor4D]>('SoftmaxBackward', [dWeights, weights]);
  return done?.[0] ?? tf.mul(weights, tf.sub(dWeights, tf.sum(tf.mul(dWeights, weights), -1, true)));
}
