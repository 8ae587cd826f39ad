import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { Compared } from '../model/compared.js';
import { CosineHead } from './cosine-head.js';

it('takes a logit scale in place of the checkpoint’s, also for other classes', () => {
  tf.tidy(() => {
    const rawImages = tf.tensor2d([[3, 4]]);
    const texts = tf.tensor2d([
      [1, 0],
      [0, 1],
    ]);
    const input = new Compared({ rawImages: () => rawImages, rawTexts: texts, texts, logitScale: 20, training: true });
    const rounded = (head: CosineHead) => [...head.logits(input).dataSync()].map((value) => Math.round(value));
    expect(rounded(new CosineHead(['a', 'b']))).toEqual([12, 16]);
    expect(rounded(new CosineHead(['a', 'b'], undefined, 100))).toEqual([60, 80]);
    expect(rounded(new CosineHead(['a', 'b'], undefined, 100).withClasses(['c', 'd']))).toEqual([60, 80]);
  });
});
