import * as tf from '@tensorflow/tfjs-core';

/**
 * Sequences of equal length whose rows lie one after the other in the packed matrix of a tower.
 * Every row may see the shared prefix (if the tower has one) and, where `causal`, its own predecessors, else its whole sequence.
 */
export interface SequenceGroup {
  /** First row in the packed matrix. */
  readonly start: number;
  /** Number of sequences C. */
  readonly count: number;
  /** Rows of each sequence L. */
  readonly length: number;
  readonly causal: boolean;
  /** Whether the sequences also see the rows of group 0. */
  readonly seesPrefix: boolean;
}

/** Queries, keys and values of one group, split into heads, each [H, C, L, d]. */
export interface HeadSplit {
  readonly q: tf.Tensor4D;
  readonly k: tf.Tensor4D;
  readonly v: tf.Tensor4D;
}

/** Packed rows [C·L, m·W] to m tensors [H, C, L, d]. */
export function splitHeads(rows: tf.Tensor2D, count: number, heads: number, parts: number): tf.Tensor4D[] {
  const length = rows.shape[0] / count;
  const perHead = rows.shape[1] / parts / heads;
  const split = tf.transpose(tf.reshape(rows, [count, length, parts, heads, perHead]), [2, 3, 0, 1, 4]); // [m, H, C, L, d]
  return tf.unstack(split) as tf.Tensor4D[];
}

/** The reverse of {@link splitHeads}: m tensors [H, C, L, d] to packed rows [C·L, m·W]. */
export function mergeHeads(parts: tf.Tensor4D[]): tf.Tensor2D {
  const [heads, count, length, perHead] = parts[0]!.shape;
  const merged = tf.transpose(tf.stack(parts), [2, 3, 0, 1, 4]); // [C, L, m, H, d]
  return tf.reshape(merged, [count * length, parts.length * heads * perHead]);
}

/** Attention weights and mixed values of one group. */
export interface Attended {
  /** [H, C, Lq, (P +) L]. */
  readonly weights: tf.Tensor4D;
  /** [H, C, Lq, d]. */
  readonly mixed: tf.Tensor4D;
}

/**
 * softmax(q kᵀ) v for one group; queries are already divided by √d. Lq is L, or 1 where only one row of each sequence is read.
 *
 * @param q [H, C, Lq, d], @param k @param v [H, C, L, d]
 * @param prefix keys and values of the shared prefix, [H, 1, P, d] each
 * @param mask added to the scores of the own keys, [Lq, L]
 */
export function attend(
  q: tf.Tensor4D,
  k: tf.Tensor4D,
  v: tf.Tensor4D,
  prefix?: { readonly k: tf.Tensor4D; readonly v: tf.Tensor4D },
  mask?: tf.Tensor2D,
): Attended {
  let own: tf.Tensor4D = tf.matMul(q, k, false, true); // [H, C, Lq, L]
  if (mask) own = tf.add(own, mask);
  if (!prefix) {
    const weights = tf.softmax(own);
    return { weights, mixed: tf.matMul(weights, v) };
  }
  const [heads, count, rows, perHead] = q.shape;
  const prefixLength = prefix.k.shape[2];
  const flat = tf.reshape(q, [heads, count * rows, perHead]);
  const toPrefix = tf.matMul(flat, tf.squeeze<tf.Tensor3D>(prefix.k, [1]), false, true); // [H, C·Lq, P]
  const ofPrefixKeys: tf.Tensor4D = tf.reshape(toPrefix, [heads, count, rows, prefixLength]);
  const scores = tf.concat([ofPrefixKeys, own], 3);
  const weights = tf.softmax(scores); // [H, C, Lq, P + L]
  const [ofPrefix, ofOwn] = splitWeights(weights, prefixLength);
  const fromPrefix = tf.matMul(
    tf.reshape(ofPrefix, [heads, count * rows, prefixLength]),
    tf.squeeze<tf.Tensor3D>(prefix.v, [1]),
  );
  return {
    weights,
    mixed: tf.add(tf.reshape(fromPrefix, [heads, count, rows, perHead]), tf.matMul(ofOwn, v)) as tf.Tensor4D,
  };
}

/** Σ a ∘ b over each head's columns; a and b [N, W], result [N, H]. */
export function rowProducts(a: tf.Tensor2D, b: tf.Tensor2D, heads: number): tf.Tensor2D {
  const [rows, width] = a.shape;
  return tf.sum(tf.reshape(tf.mul(a, b), [rows, heads, width / heads]), -1);
}

/**
 * Gradients of {@link attend} with respect to q, k, v and the prefix's keys and values.
 *
 * @param along Σ dMixed ∘ mixed over d, [H, C, Lq, 1]: equal to Σ dWeights ∘ weights over the keys, but over fewer numbers
 */
export function attendBackward(
  dMixed: tf.Tensor4D,
  along: tf.Tensor4D,
  weights: tf.Tensor4D,
  { q, k, v }: HeadSplit,
  prefix?: { readonly k: tf.Tensor4D; readonly v: tf.Tensor4D },
): HeadSplit & { readonly prefixK?: tf.Tensor4D; readonly prefixV?: tf.Tensor4D } {
  if (!prefix) {
    const dScores = softmaxBackward(tf.matMul(dMixed, v, false, true), weights, along);
    return {
      q: tf.matMul(dScores, k),
      k: tf.matMul(dScores, q, true, false),
      v: tf.matMul(weights, dMixed, true, false),
    };
  }
  const [heads, count, rows, perHead] = q.shape;
  const prefixLength = prefix.k.shape[2];
  const flatRows = count * rows;
  const prefixK = tf.squeeze(prefix.k, [1]) as tf.Tensor3D; // [H, P, d]
  const prefixV = tf.squeeze(prefix.v, [1]) as tf.Tensor3D;
  const flatQ = tf.reshape(q, [heads, flatRows, perHead]);
  const flatMixed = tf.reshape(dMixed, [heads, flatRows, perHead]);
  const [ofPrefix, ofOwn] = splitWeights(weights, prefixLength);
  const dPrefixWeights: tf.Tensor4D = tf.reshape(tf.matMul(flatMixed, prefixV, false, true), [
    heads,
    count,
    rows,
    prefixLength,
  ]);
  const dOwnWeights: tf.Tensor4D = tf.matMul(dMixed, v, false, true);
  const dWeights = tf.concat([dPrefixWeights, dOwnWeights], 3);
  const [dToPrefix, dOwn] = splitWeights(softmaxBackward(dWeights, weights, along), prefixLength);
  const flatToPrefix = tf.reshape(dToPrefix, [heads, flatRows, prefixLength]) as tf.Tensor3D;
  const flatWeights = tf.reshape(ofPrefix, [heads, flatRows, prefixLength]) as tf.Tensor3D;
  const qFromPrefix = tf.reshape(tf.matMul(flatToPrefix, prefixK), [heads, count, rows, perHead]);
  return {
    q: tf.add(qFromPrefix, tf.matMul(dOwn, k)),
    k: tf.matMul(dOwn, q, true, false),
    v: tf.matMul(ofOwn, dMixed, true, false),
    prefixK: tf.expandDims(tf.matMul(flatToPrefix, flatQ, true, false), 1) as tf.Tensor4D,
    prefixV: tf.expandDims(tf.matMul(flatWeights, flatMixed, true, false), 1) as tf.Tensor4D,
  };
}

function softmaxBackward(dy: tf.Tensor4D, y: tf.Tensor4D, along: tf.Tensor4D): tf.Tensor4D {
  return tf.mul(y, tf.sub(dy, along));
}

/** Splits [H, C, Lq, P + L] into the prefix's [H, C, Lq, P] and the own [H, C, Lq, L]. */
function splitWeights(weights: tf.Tensor4D, prefixLength: number): [tf.Tensor4D, tf.Tensor4D] {
  return tf.split(weights, [prefixLength, weights.shape[3] - prefixLength], 3) as [tf.Tensor4D, tf.Tensor4D];
}
