import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { withPrompt } from './with-prompt.js';

it('tells programs apart by the rows of their prompts, which gradients do not show', () => {
  tf.tidy(() => {
    const pass = {
      forward: (rows: tf.Tensor2D) => ({ output: tf.mul<tf.Tensor2D>(rows, 2), kept: [] }),
      backward: (dy: tf.Tensor2D): [tf.Tensor2D] => [tf.mul(dy, 2)],
    };
    const x = tf.ones<tf.Rank.R2>([6, 3]);
    for (let time = 0; time < 3; time++) {
      for (const [n, at] of [
        [1, 0],
        [2, 0],
        [2, 1],
      ] as const) {
        const run = (rows: tf.Tensor) =>
          withPrompt(x, { rows: rows as tf.Tensor2D, at }, { start: 0, count: 2, length: 3 }, pass, {
            program: { key: 'doubled', reads: [] },
          });
        const gradient = tf.grad((rows) => tf.sum(run(rows)))(tf.ones([n, 3]));
        expect([gradient.shape, ...gradient.dataSync()]).toEqual([[n, 3], ...new Array<number>(3 * n).fill(4)]);
      }
    }
  });
});
