import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.js';

/** Logits whose softmax is exactly these probabilities. */
const rows = (...probabilities: number[][]): number[] => probabilities.flat().map(Math.log);

describe('Metrics', () => {
  it('computes every figure as by hand', () => {
    const metrics = new Metrics(['cat', 'dog', 'owl']);
    // Predictions: cat, dog, cat, owl, dog, dog against cat, cat, cat, dog, dog, dog: 4 of 6 right.
    metrics.add(rows([0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.9, 0.05, 0.05]), [0, 0, 0]);
    metrics.add(rows([0.2, 0.2, 0.6], [0.25, 0.5, 0.25], [0.1, 0.8, 0.1]), [1, 1, 1]);
    const result = metrics.result();
    expect(result.images).toBe(6);
    expect(result.accuracy).toBeCloseTo(4 / 6, 12);
    expect(result.topK).toEqual({ 1: result.accuracy, 5: 1 });
    expect(result.confusion).toEqual([
      [2, 1, 0],
      [0, 2, 1],
      [0, 0, 0],
    ]);
    expect(result.classes).toEqual([
      { name: 'cat', images: 3, correct: 2, accuracy: 2 / 3 },
      { name: 'dog', images: 3, correct: 2, accuracy: 2 / 3 },
      { name: 'owl', images: 0, correct: 0, accuracy: 0 },
    ]);
    // F1 of cat: precision 1, recall 2/3 → 0.8; of dog: precision 2/3, recall 2/3 → 2/3; owl has no images.
    expect(result.macroF1).toBeCloseTo((0.8 + 2 / 3) / 2, 12);
    // −mean log p(true) of 0.7, 0.3, 0.9, 0.2, 0.5, 0.8.
    expect(result.loss).toBeCloseTo(0.698623, 6);
    // Bins of width 1/15. 0.7 alone in [10/15, 11/15): |1 − 0.7|; 0.6 twice in [9/15, …): |0 − 1.2|; 0.9: 0.1; 0.5: 0.5;
    // 0.8: 0.2. Sum 2.3, over 6 images.
    expect(result.expectedCalibrationError).toBeCloseTo(2.3 / 6, 6);
  });

  it('counts the true class among the five largest, the lower class first where logits are equal', () => {
    const metrics = new Metrics(['a', 'b', 'c', 'd', 'e', 'f']);
    metrics.add([1, 1, 1, 1, 1, 1], [4]);
    metrics.add([1, 1, 1, 1, 1, 1], [5]);
    metrics.add([1, 1, 1, 1, 1, 1], [0]);
    expect(metrics.result().topK).toEqual({ 1: 1 / 3, 5: 2 / 3 });
    expect(metrics.result().accuracy).toBe(1 / 3);
  });

  it('does not overflow on logits of any size', () => {
    const metrics = new Metrics(['a', 'b']);
    metrics.add([10_000, 0], [1]);
    expect(metrics.result().loss).toBe(10_000);
    expect(metrics.result().expectedCalibrationError).toBe(1);
  });
});
