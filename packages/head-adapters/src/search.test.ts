import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { searchSharpness } from './search.js';

it('tries β in the outer and α in the inner loop, and takes the first best', () => {
  tf.tidy(() => {
    // The text is wrong by 1 about the first image; its key is at the cosine 1. The second image has a wrong key at the cosine 0.
    const request = {
      clipLogits: tf.tensor2d([
        [0, 1],
        [1, 0],
      ]),
      affinity: tf.tensor2d([
        [1, 0],
        [0, 0],
      ]),
      values: tf.tensor2d([
        [1, 0],
        [0, 1],
      ]),
      labels: [0, 0],
      range: [4.1, 4.1] as const,
      steps: [4, 4] as const,
    };
    // The first image is right where α > 1 + α e^{−β}.
    const expected = (() => {
      for (const beta of [0.1, 1.1, 2.1, 3.1]) {
        for (const alpha of [0.1, 1.1, 2.1, 3.1]) if (alpha > 1 + alpha * Math.exp(-beta)) return { alpha, beta };
      }
      return undefined;
    })();
    const found = searchSharpness(request);
    expect(found.alpha).toBeCloseTo(expected!.alpha, 9);
    expect(found.beta).toBeCloseTo(expected!.beta, 9);
    // Where nothing helps, the first of all.
    expect(
      searchSharpness({
        ...request,
        labels: [1, 1],
        clipLogits: tf.tensor2d([
          [0, 9],
          [0, 9],
        ]),
      }),
    ).toEqual({
      alpha: 0.1,
      beta: 0.1,
    });
  });
});
