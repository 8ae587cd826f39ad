import * as tf from '@tensorflow/tfjs-core';

/**
 * Sequences of equal length whose rows lie one after the other in the packed matrix of a tower. Of several groups the first is
 * the prefix: one sequence of P rows, whose keys and values all others see besides their own.
 */
export interface SequenceGroup {
  /** First row in the packed matrix. */
  readonly start: number;
  /** Number of sequences C. */
  readonly count: number;
  /** Rows of each sequence L. */
  readonly length: number;
  /** Makes what is added to the scores, [L, L] or [C, L, P + L]; without it every row sees its whole sequence. */
  readonly mask?: () => tf.Tensor;
}

/** Queries, keys and values of one group, split into heads: [H, C, L, d], keys and values [H, C, P + L, d] where there is a prefix. */
export interface HeadSplit {
  readonly q: tf.Tensor4D;
  readonly k: tf.Tensor4D;
  readonly v: tf.Tensor4D;
}

/** Packed rows [C·L, m·W] to m tensors [H, C, L, d]. */
export function splitHeads(rows: tf.Tensor2D, count: number, heads: number, parts: number): tf.Tensor4D[] {
  const length = rows.shape[0] / count;
  const perHead = rows.shape[1] / parts / heads;
  if (parts === 1) return [tf.transpose(tf.reshape(rows, [count, length, heads, perHead]), [2, 0, 1, 3])];
  const split = tf.transpose(tf.reshape(rows, [count, length, parts, heads, perHead]), [2, 3, 0, 1, 4]); // [m, H, C, L, d]
  return tf.unstack(split) as tf.Tensor4D[];
}

/** The reverse of {@link splitHeads}: m tensors [H, C, L, d] to packed rows [C·L, m·W]. */
export function mergeHeads(parts: tf.Tensor4D[]): tf.Tensor2D {
  const [heads, count, length, perHead] = parts[0]!.shape;
  const merged =
    parts.length === 1
      ? tf.transpose(parts[0]!, [1, 2, 0, 3]) // [C, L, H, d]
      : tf.transpose(tf.stack(parts), [2, 3, 0, 1, 4]); // [C, L, m, H, d]
  return tf.reshape(merged, [count * length, parts.length * heads * perHead]);
}

/** Own keys or values [H, C, L, d] after those of the prefix, [H, C, P + L, d]. */
export function afterPrefix(own: tf.Tensor4D, prefix: tf.Tensor4D): tf.Tensor4D {
  return tf.concat([tf.tile(prefix, [1, own.shape[1], 1, 1]), own], 2);
}

/** Gradients of {@link afterPrefix}: of the own rows, and of the prefix, summed over the sequences. */
export function splitPrefix(
  d: tf.Tensor4D,
  prefixLength: number,
): { readonly own: tf.Tensor4D; readonly prefix: tf.Tensor4D } {
  const [prefix, own] = tf.split(d, [prefixLength, d.shape[2] - prefixLength], 2) as [tf.Tensor4D, tf.Tensor4D];
  return { own, prefix: tf.sum(prefix, 1, true) };
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
 * @param q [H, C, Lq, d], @param k @param v [H, C, Lk, d]
 * @param mask [Lq, Lk] or [C, Lq, Lk]
 */
export function attend({ q, k, v }: HeadSplit, mask?: tf.Tensor): Attended {
  const scores: tf.Tensor4D = tf.matMul(q, k, false, true);
  const weights = tf.softmax(mask ? tf.add<tf.Tensor4D>(scores, mask) : scores);
  return { weights, mixed: tf.matMul(weights, v) };
}

/** Σ a ∘ b over each head's columns; a and b [N, W], result [N, H]. */
export function rowProducts(a: tf.Tensor2D, b: tf.Tensor2D, heads: number): tf.Tensor2D {
  const [rows, width] = a.shape;
  return tf.sum(tf.reshape(tf.mul(a, b), [rows, heads, width / heads]), -1);
}

/**
 * Gradients of {@link attend} with respect to q, k and v.
 *
 * @param along Σ dMixed ∘ mixed over d, [H, C, Lq, 1]: equal to Σ dWeights ∘ weights over the keys, but over fewer numbers
 */
export function attendBackward(
  dMixed: tf.Tensor4D,
  along: tf.Tensor4D,
  weights: tf.Tensor4D,
  { q, k, v }: HeadSplit,
): HeadSplit {
  const dScores: tf.Tensor4D = tf.mul(weights, tf.sub(tf.matMul(dMixed, v, false, true), along));
  return {
    q: tf.matMul(dScores, k),
    k: tf.matMul(dScores, q, true, false),
    v: tf.matMul(weights, dMixed, true, false),
  };
}
