import * as tf from '@tensorflow/tfjs-core';

/** Values of a 16-bit number, of which each half of a hash is one. */
const RANGE = 2 ** 16;

/**
 * Dropout whose random numbers are a function of key, row number and column alone, so that a row gets the same ones in whatever order and
 * company it is computed, and again in the backward pass. What stays is divided by the share that stays.
 *
 * @param x [N, W]
 * @param rows number of each row
 * @param rate share that is set to 0; taken to 1/65536
 * @param key of the step and the layer
 */
export function dropout(x: tf.Tensor2D, rows: Int32Array, rate: number, key: number): tf.Tensor2D {
  return tf.mul(x, tf.tensor2d(dropoutMask(rows, x.shape[1], rate, key), x.shape));
}

/** What each value is multiplied by: 0, or 1 / (1 − rate); [N · W]. */
export function dropoutMask(rows: Int32Array, width: number, rate: number, key: number): Float32Array {
  const limit = Math.round(rate * RANGE);
  const stays = RANGE / (RANGE - limit);
  const mask = new Float32Array(rows.length * width);
  let at = 0;
  for (const row of rows) {
    const ofRow = mixed(key ^ Math.imul(row, 0x9e3779b1));
    for (let column = 0; column < width; column += 2) {
      const bits = mixed(ofRow + Math.imul(column + 1, 0x85ebca6b));
      if ((bits & 0xffff) >= limit) mask[at] = stays;
      if (column + 1 < width && bits >>> 16 >= limit) mask[at + 1] = stays;
      at += Math.min(2, width - column);
    }
  }
  return mask;
}

/** The finaliser of MurmurHash3: every bit of the outcome hangs on every bit of the argument. */
function mixed(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
