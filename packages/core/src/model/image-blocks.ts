import * as tf from '@tensorflow/tfjs-core';
import { seededNormal } from './maths.js';

/** Feature vectors that are compared with the classes together. */
export const FEATURES_PER_BLOCK = 32;

/**
 * Computes rows of an outcome from blocks of one size along the first axis, so that the bits of a row depend on its own input alone and
 * not on what stands beside it. How a product of matrices adds up depends on its number of rows, and with some kernels on where a row
 * stands in it. So every block has the same shape, the last one filled up with zeros; and before the first one, a block of equal entries shows
 * whether the place matters on this machine. Where it does, the entries are computed one by one. A single entry to begin with fills that block itself.
 */
export class Blocks<T extends tf.Tensor> {
  private size?: number;

  /**
   * @param asked entries of a block
   * @param compute from [size, …] to [size, K]
   */
  constructor(
    private readonly asked: number,
    private readonly compute: (block: T) => tf.Tensor2D,
  ) {
    if (asked === 1) this.size = 1;
  }

  /** @returns [B, K] for an input of [B, …]. The caller owns it. */
  run(input: T): tf.Tensor2D {
    const [count, ...entry] = input.shape as [number, ...number[]];
    return tf.tidy(() => {
      if (this.size === undefined) {
        const one = count === 1 ? input : (seededNormal([1, ...entry], 1, 0, 'an entry of a block') as tf.Tensor as T);
        const row = this.ofEqual(one);
        this.size = row ? this.asked : 1;
        if (row && count === 1) return row;
      }
      const { size } = this;
      const outcomes: tf.Tensor2D[] = [];
      for (let start = 0; start < count; start += size) {
        outcomes.push(tf.tidy(() => this.block(input, start, Math.min(size, count - start), size)));
      }
      return outcomes.length === 1 ? outcomes[0]! : tf.concat(outcomes);
    });
  }

  private block(input: T, start: number, own: number, size: number): tf.Tensor2D {
    const [count, ...entry] = input.shape as [number, ...number[]];
    const rows = own === count ? input : tf.slice(input, [start, ...entry.map(() => 0)], [own, ...entry.map(() => -1)]);
    if (own === size) return this.compute(rows as T);
    const filled = tf.concat([rows, tf.zeros([size - own, ...entry])]) as T;
    return tf.slice(this.compute(filled), [0, 0], [own, -1]);
  }

  /** The row of an entry [1, …] from a block of it alone, [1, K]; undefined where the block's rows differ. */
  private ofEqual(one: T): tf.Tensor2D | undefined {
    return tf.tidy(() => {
      const [, ...entry] = one.shape;
      const rows = this.compute(tf.tile(one, [this.asked, ...entry.map(() => 1)]) as T);
      const values = rows.dataSync();
      const width = rows.shape[1];
      const differ = values.some((value, i) => !Object.is(value, values[i % width]));
      return differ ? undefined : tf.slice(rows, [0, 0], [1, -1]);
    });
  }
}
