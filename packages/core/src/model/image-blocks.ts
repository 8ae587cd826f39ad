import * as tf from '@tensorflow/tfjs-core';
import { seededNormal } from './maths.js';

/** Feature vectors that are compared with the classes together. */
export const FEATURES_PER_BLOCK = 32;

/**
 * Computes rows of an outcome from blocks of one size along the first axis, so that the bits of a row depend on its own input alone and
 * not on what stands beside it. How a product of matrices adds up depends on its number of rows, and with some kernels on where a row
 * stands in it. So every block has the same shape, the last one filled up with zeros; and before the first one, a block of equal entries shows
 * whether the place matters on this machine. Where it does, the entries are computed one by one.
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
  ) {}

  /** @returns [B, K] for an input of [B, …]. The caller owns it. */
  run(input: T): tf.Tensor2D {
    const [count, ...entry] = input.shape as [number, ...number[]];
    const size = (this.size ??= this.placeMatters(entry) ? 1 : this.asked);
    return tf.tidy(() => {
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

  /** Whether equal entries of a block give unequal rows. */
  private placeMatters(entry: readonly number[]): boolean {
    if (this.asked === 1) return false;
    return tf.tidy(() => {
      const one = seededNormal([1, ...entry], 1, 0, 'an entry of a block');
      const rows = this.compute(tf.tile(one, [this.asked, ...entry.map(() => 1)]) as T);
      const values = rows.dataSync();
      const width = rows.shape[1];
      return values.some((value, i) => !Object.is(value, values[i % width]));
    });
  }
}
