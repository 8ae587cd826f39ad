import * as tf from '@tensorflow/tfjs-core';

/** Values of a 16-bit number, of which each half of a hash is one. */
const RANGE = 2 ** 16;
/** What a column adds to what is hashed, and a pair of columns. */
const COLUMN = 0x85ebca6b;
const TWO_COLUMNS = Math.imul(2, COLUMN);

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

/**
 * What each value is multiplied by: 0, or 1 / (1 − rate); [N · W]. A step of CLIP-LoRA draws hundreds of millions, so there is no branch in
 * the loop: the bits of a value are those of 1 / (1 − rate) or none.
 */
export function dropoutMask(rows: Int32Array, width: number, rate: number, key: number): Float32Array {
  const limit = Math.round(rate * RANGE);
  const mask = new Float32Array(rows.length * width);
  const bits = new Int32Array(mask.buffer);
  const stays = new Int32Array(Float32Array.of(RANGE / (RANGE - limit)).buffer)[0]!;
  const pairs = width - (width % 2);
  let at = 0;
  for (const row of rows) {
    let seed = (mixed(key ^ Math.imul(row, 0x9e3779b1)) + COLUMN) | 0;
    for (const end = at + pairs; at < end; at += 2) {
      const drawn = mixed(seed);
      bits[at] = ~(((drawn & 0xffff) - limit) >> 31) & stays;
      bits[at + 1] = ~(((drawn >>> 16) - limit) >> 31) & stays;
      seed = (seed + TWO_COLUMNS) | 0;
    }
    if (pairs < width) bits[at++] = ~(((mixed(seed) & 0xffff) - limit) >> 31) & stays;
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
