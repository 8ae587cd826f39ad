import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { distance, drawing, guardTensors, isLeftOut, leftOut, run } from './bfloat16.test.support.js';

guardTensors();
const draw = drawing();

describe(`MLPs in bfloat16${leftOut}`, () => {
  const test = it.skipIf(isLeftOut);

  // Rows, width and hidden width within, at and beyond blocks of 16, 32 and 1024; the last two for several threads.
  test.each([
    [1, 1, 1],
    [3, 2, 5],
    [16, 16, 32],
    [17, 33, 31],
    [32, 8, 48],
    [33, 48, 70],
    [5, 1030, 40],
    [40, 24, 1100],
    [1030, 20, 90],
    [200, 256, 1024],
  ])('are their products, one after the other: %i rows, width %i, hidden width %i', (rows, width, hidden) => {
    tf.tidy(() => {
      const [x, d, bias] = [draw(rows, width), draw(rows, width), draw(hidden)];
      const [up, down] = [draw(width, hidden), draw(hidden, width)].map((weight) => run('PackWeight', [weight])[0]!);
      const [value, slope] = run('SiluAndSlope', [product(x, up!, width, hidden), bias]);
      const expected = product(value!, down!, hidden, width);
      const forward = mlp('MlpAndSlope', [x, up!, bias, down!], width, hidden);
      expect(distance(forward[0]!, expected)).toBeLessThan(SAME);
      expect(distance(forward[1]!, slope!)).toBeLessThan(SAME);
      expect(mlp('Mlp', [x, up!, bias, down!], width, hidden)[0]!.dataSync()).toEqual(forward[0]!.dataSync());

      const dHidden = tf.mul(product(d, down!, hidden, width, true), slope!);
      const dx = mlp('MlpBackward', [d, slope!, up!, down!], width, hidden)[0]!;
      expect(distance(dx, product(dHidden, up!, width, hidden, true))).toBeLessThan(SAME);
    });
  });

  test('give one row the same bits, whatever rows stand beside it, and keep what is not a number in its row', () => {
    tf.tidy(() => {
      const [width, hidden] = [40, 70];
      const [up, down] = [draw(width, hidden), draw(hidden, width)].map((weight) => run('PackWeight', [weight])[0]!);
      const bias = draw(hidden);
      const both = (x: tf.Tensor, d: tf.Tensor): tf.Tensor[] => {
        const [y, slope] = mlp('MlpAndSlope', [x, up!, bias, down!], width, hidden);
        return [y!, slope!, ...mlp('MlpBackward', [d, slope!, up!, down!], width, hidden)];
      };
      const [x, d] = [draw(67, width), draw(67, width)];
      const spoilt = tf.concat([tf.slice(x, [0, 0], [66, width]), tf.fill([1, width], NaN)]);
      for (const row of [0, 15, 16, 40, 65]) {
        const only = (tensor: tf.Tensor): tf.Tensor => tf.slice(tensor, [row, 0], [1, -1]);
        const alone = both(only(x), only(d)).map((tensor) => tensor.dataSync());
        for (const rows of [x, spoilt]) expect(both(rows, d).map((tensor) => only(tensor).dataSync())).toEqual(alone);
      }
      for (const tensor of both(spoilt, d)) expect(tf.slice(tensor, [66, 0]).dataSync()).toSatisfy(isNoNumber);
    });
  });

  test('of no rows are no rows', () => {
    tf.tidy(() => {
      const packed = run('PackWeight', [draw(2, 2)])[0]!;
      expect(mlp('Mlp', [tf.zeros([0, 2]), packed, draw(2), packed], 2, 2)[0]!.shape).toEqual([0, 2]);
    });
  });

  test('refuse what does not fit together', () => {
    tf.tidy(() => {
      const [up, down] = [run('PackWeight', [draw(40, 8)])[0]!, run('PackWeight', [draw(8, 40)])[0]!];
      const [x, bias] = [draw(3, 40), draw(8)];
      expect(() => mlp('Mlp', [draw(3, 41), up, bias, down], 40, 8)).toThrow(/rows do not fit the weight/);
      expect(() => mlp('Mlp', [x, up, draw(9), down], 40, 8)).toThrow(/input 2 has not 8 numbers/);
      expect(() => mlp('Mlp', [x, up, bias, tf.slice(down, 0, 32)], 40, 8)).toThrow(/input 3 has not 1024 numbers/);
      expect(() => mlp('MlpBackward', [draw(3, 8), draw(3, 8), up, down], 40, 8)).toThrow(/rows do not fit/);
      expect(() => mlp('MlpBackward', [x, draw(2, 8), up, down], 40, 8)).toThrow(/input 1 has not 24 numbers/);
    });
  });
});

const isNoNumber = (values: Float32Array): boolean => values.every(Number.isNaN);

/** The same computation: no bit is another where the compiler joins the same multiplications and sums. */
const SAME = 1e-6;

function mlp(name: string, inputs: readonly tf.Tensor[], width: number, hidden: number): tf.Tensor[] {
  return run(`Bfloat16${name}`, inputs, { width, hidden });
}

function product(x: tf.Tensor, packed: tf.Tensor, rows: number, columns: number, transposed = false): tf.Tensor {
  return run('Bfloat16Product', [x, packed], { rows, columns, transposed: transposed ? 1 : 0 })[0]!;
}
