import * as tf from '@tensorflow/tfjs-core';
import { timesFrozen, timesTransposed, type FrozenLinear } from './frozen-matrix.js';
import { fused } from './fused.js';

/** x · W + b. Like all parts of a block, it leaves nothing but its result: a block's intermediates are what its peak memory is made of. */
export function apply(x: tf.Tensor2D, { weight, bias }: FrozenLinear): tf.Tensor2D {
  return tf.tidy(() => tf.add(timesFrozen(x, weight), bias));
}

/** x + y · W + b; x [N, W]. */
export function addApplied(x: tf.Tensor2D, y: tf.Tensor2D, { weight, bias }: FrozenLinear): tf.Tensor2D {
  return tf.tidy(() => addProduct(x, timesFrozen(y, weight), bias));
}

/** x + product + b; x [N, W]. */
export function addProduct(x: tf.Tensor2D, product: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  return tf.tidy(() => fused<[tf.Tensor2D]>('AddProduct', [x, product, bias])?.[0] ?? tf.add(x, tf.add(product, bias)));
}

/** Gradient of x · W + b with respect to x. */
export function through(dy: tf.Tensor2D, { weight }: Pick<FrozenLinear, 'weight'>): tf.Tensor2D {
  return timesTransposed(dy, weight);
}

/** Rows of x by number, [n, W]. */
export function pickRows(x: tf.Tensor2D, numbers: readonly number[]): tf.Tensor2D {
  return tf.gather(x, tf.tensor1d(numbers as number[], 'int32'));
}

/** Like {@link pickRows}; −1 is a row of zeros. With the {@link invert}ed numbers, the reverse of it. */
export function spreadRows(x: tf.Tensor2D, numbers: readonly number[]): tf.Tensor2D {
  const [rows, width] = x.shape;
  const zeros = tf.zeros<tf.Rank.R2>([1, width]);
  return pickRows(
    tf.concat([x, zeros], 0),
    numbers.map((row) => (row < 0 ? rows : row)),
  );
}

/** For each of `count` rows its place among the picked numbers; −1 where it was not picked. */
export function invert(numbers: readonly number[], count: number): number[] {
  const places = new Array<number>(count).fill(-1);
  numbers.forEach((row, place) => (places[row] = place));
  return places;
}
