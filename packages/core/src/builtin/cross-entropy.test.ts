import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { TrainingStep } from '../contracts/step.js';
import { CrossEntropy } from './cross-entropy.js';

/** The loss of images with these probabilities. */
function loss(probabilities: number[][], labels: number[], smoothing = 0): number {
  return tf.tidy(() => {
    const logits = tf.log(tf.tensor2d(probabilities));
    const step = { logits, labels: tf.tensor1d(labels, 'int32'), classes: probabilities[0]!.length };
    return new CrossEntropy(smoothing).terms(step as unknown as TrainingStep)[0]!.value.dataSync()[0]!;
  });
}

describe('cross-entropy', () => {
  it('is the mean of −log p of the own class, of all classes where labels are smoothed', () => {
    const rows = [
      [0.5, 0.25, 0.25],
      [0.125, 0.75, 0.125],
    ];
    expect(loss(rows, [0, 2])).toBeCloseTo((Math.log(2) + Math.log(8)) / 2, 5);
    const smooth = [0.8 + 0.2 / 3, 0.2 / 3, 0.2 / 3];
    const expected = smooth[0]! * Math.log(2) + smooth[1]! * Math.log(4) + smooth[2]! * Math.log(4);
    expect(loss(rows.slice(0, 1), [0], 0.2)).toBeCloseTo(expected, 5);
  });

  it('is 0 where there is one class alone', () => {
    expect(loss([[1], [1]], [0, 0])).toBeCloseTo(0, 12);
    expect(loss([[1]], [0], 0.1)).toBeCloseTo(0, 12);
  });
});
