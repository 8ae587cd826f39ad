import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { fitLpPlusPlus, type FitRequest } from './fit-lp-plus-plus.js';

const rows = [
  [1, 0],
  [0.6, 0.8],
  [0, 1],
];
const labels = [0, 1, 1]; // the text takes the second for a 0
const texts = [
  [0.8, 0.6],
  [0, 1],
];

const request = (more: Partial<FitRequest>): FitRequest => ({
  train: { rows: tf.tensor2d(rows), labels: Int32Array.from(labels) },
  texts: tf.tensor2d(texts),
  ...{ epochs: 4, textEvery: 2, momentum: 0.9, sumsGradients: false },
  ...more,
});

/** The same by plain numbers. */
function byHand(epochs: number, sums: boolean): { W: number[][]; b: number[]; alpha: number[] } {
  const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const cosines = rows.map((row) => texts.map((text) => dot(row, text)));
  const W = [0, 1].map((c) =>
    [0, 1].map((e) => rows.reduce((sum, row, i) => sum + (labels[i] === c ? row[e]! : 0), 0)),
  );
  const b = [0, 0];
  const start = 250 * ((cosines[0]![0]! + (cosines[1]![1]! + cosines[2]![1]!) / 2) / 2);
  const alpha = [start, start];
  // VᵀV = [[1.36, 0.48], [0.48, 1.64]]
  const lambda = 1.5 + Math.sqrt(0.14 ** 2 + 0.48 ** 2);
  const rateW = 12 / lambda;
  const rateAlpha = 3 / (4 * Math.max(...[0, 1].map((c) => cosines.reduce((sum, row) => sum + row[c]! ** 2, 0))));
  const [vW, vb, summed] = [
    [
      [0, 0],
      [0, 0],
    ],
    [0, 0],
    [0, 0],
  ];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const rest = rows.map((row, i) => {
      const logits = [0, 1].map((c) => dot(W[c]!, row) + b[c]! + alpha[c]! * cosines[i]![c]!);
      const most = Math.max(...logits);
      const total = logits.reduce((sum, z) => sum + Math.exp(z - most), 0);
      return logits.map((z, c) => (Math.exp(z - most) / total - (labels[i] === c ? 1 : 0)) / 3);
    });
    for (const c of [0, 1]) {
      const ofAlpha = rest.reduce((sum, row, i) => sum + row[c]! * cosines[i]![c]!, 0);
      summed[c] = (sums ? summed[c]! : 0) + ofAlpha;
      for (const e of [0, 1])
        vW[c]![e] = 0.9 * vW[c]![e]! + rest.reduce((sum, row, i) => sum + row[c]! * rows[i]![e]!, 0);
      vb[c] = 0.9 * vb[c]! + rest.reduce((sum, row) => sum + row[c]!, 0);
      for (const e of [0, 1]) W[c]![e]! -= rateW * vW[c]![e]!;
      b[c]! -= rateW * vb[c]!;
      if (epoch % 2 === 0) alpha[c]! -= rateAlpha * summed[c]!;
    }
  }
  return { W, b, alpha };
}

const numbers = (blend: ReturnType<typeof fitLpPlusPlus>) => {
  const { weight, bias, alpha } = blend;
  const values = [...weight.dataSync(), ...bias.dataSync(), ...alpha.dataSync()];
  tf.dispose({ ...blend });
  return values;
};

describe('fitLpPlusPlus', () => {
  it.each([false, true])('takes the steps of the equations, the sum of gradients for α: %s', (sumsGradients) => {
    const { W, b, alpha } = byHand(6, sumsGradients);
    const found = tf.tidy(() => numbers(fitLpPlusPlus(request({ epochs: 6, sumsGradients }))));
    [...W.flat(), ...b, ...alpha].forEach((value, i) => {
      expect(Math.abs(found[i]! - value)).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
    });
  });

  it('takes the best epoch on validation images, the last of equals, and leaves no tensor', () => {
    const before = tf.memory().numTensors;
    const impossible = { rows: tf.tensor2d([[1, 0]]), labels: Int32Array.of(1) };
    const always = { rows: tf.tensor2d([[1, 0]]), labels: Int32Array.of(0) };
    const last = numbers(fitLpPlusPlus(request({})));
    expect(numbers(fitLpPlusPlus(request({ validation: always })))).toEqual(last);
    expect(numbers(fitLpPlusPlus(request({ validation: impossible })))).toEqual(last);
    const given = 2 * 3 + 2; // rows and texts of the requests, rows of the validations
    expect(tf.memory().numTensors - before).toBe(given);
  });
});
