import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { fitLogistic, searchC } from './logistic-regression.js';

const [K, E, C] = [30, 4, 3];

/** LogisticRegression(C, tol=1e-8) of scikit-learn 1.9.1 on the rows below. */
const REFERENCE: [number, number[], number[]][] = [
  [
    0.1,
    [0.47733, -0.22489, -0.36099, 0.10656, -0.14883, 0.46472, -0.14166, -0.1538, -0.3285, -0.23984, 0.50265, 0.04724],
    [0.04504, -0.09586, 0.05082],
  ],
  [
    1,
    [1.11673, -0.69811, -1.05224, 0.47629, -0.1017, 1.35701, -0.1174, -0.93589, -1.01502, -0.6589, 1.16964, 0.4596],
    [0.16348, -0.39016, 0.22667],
  ],
  [
    100,
    [2.41386, -2.39873, -2.94816, 1.48178, 0.19596, 4.23883, 0.33498, -3.05788, -2.60982, -1.8401, 2.61319, 1.5761],
    [1.06279, -1.91575, 0.85296],
  ],
];

describe('fitLogistic', () => {
  it.each(REFERENCE)('has the weights of scikit-learn for C = %s', (strength, weight, bias) => {
    const values = Array.from({ length: K }, (_, i) =>
      Array.from({ length: E }, (_, j) => Math.sin(1 + i * i + 3 * j) + (j === i % C ? 1.5 : 0)),
    );
    const rows = tf.tensor2d(values);
    const labels = Int32Array.from({ length: K }, (_, i) => i % C);
    const found = fitLogistic(rows, labels, C, { C: strength, iterations: 1000, tolerance: 1e-6 });
    found.weight.forEach((value, i) => expect(value).toBeCloseTo(weight[i]!, 2));
    found.bias.forEach((value, i) => expect(value).toBeCloseTo(bias[i]!, 2));
    rows.dispose();
  });
});

describe('searchC', () => {
  it('takes the first best of the coarse list, then the better half, the lower end of equals', () => {
    const asked: number[] = [];
    // Best at 10: worse the further away on the logarithm.
    const best = searchC((strength) => {
      asked.push(Math.log10(strength));
      return -Math.abs(Math.log10(strength) - 0.3);
    }, 3);
    expect(asked.map((value) => Number(value.toFixed(6)))).toEqual([6, 4, 2, 0, -2, -4, -6, -1, 1, 0.5]);
    expect(Math.log10(best)).toBeCloseTo(0.5, 9);
  });

  it('asks for nothing twice', () => {
    const asked: number[] = [];
    expect(searchC((strength) => asked.push(strength) && 1, 8)).toBeCloseTo(1e5, 0);
    expect(new Set(asked).size).toBe(asked.length);
  });
});
