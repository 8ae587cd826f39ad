import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '@promptweave/core';

/** Token embeddings of a text tower. */
export interface TokenTable {
  /** All of them, where they are in memory. */
  readonly whole?: tf.Tensor2D;
  /** Rows by number, [numbers.length, T]. @throws RangeError for a row that is not there */
  readonly rows: (numbers: readonly number[]) => tf.Tensor2D;
}

/** Rows that are kept for the next time; who asks for more at once looks through the table. */
const MOST_KEPT = 4096;

/**
 * The table of a file stays there, and rows are read when they are first asked for, neighbours together: 256,000 tokens of 768 values are 0.8 GB, and a
 * data set's names have some hundred of them. A table that cannot be read by rows is taken into memory.
 *
 * @param tensor [tokens, T]
 */
export function tokenTable(tensor: HostTensor): TokenTable {
  const [count, width] = tensor.shape as [number, number];
  const { rows: read } = tensor;
  if (!read) {
    const whole = tf.tensor2d(tensor.data(), [count, width], 'float32');
    return { whole, rows: (numbers) => tf.tidy(() => tf.gather(whole, tf.tensor1d(numbers as number[], 'int32'))) };
  }
  const known = new Map<number, Float32Array | Int32Array>();
  return {
    rows: (numbers) => {
      const missing = [...new Set(numbers)].filter((number) => !known.has(number)).sort((a, b) => a - b);
      const found = read(missing);
      const rows = new Map(missing.map((number, i) => [number, found.subarray(i * width, (i + 1) * width)]));
      const values = new Float32Array(numbers.length * width);
      numbers.forEach((number, i) => values.set((known.get(number) ?? rows.get(number))!, i * width));
      if (missing.length <= MOST_KEPT) rows.forEach((row, number) => known.set(number, row));
      return tf.tensor2d(values, [numbers.length, width]);
    },
  };
}
