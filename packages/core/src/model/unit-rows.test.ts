import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { crossEntropyOf, normalise, oneHotRows } from './maths.js';

const close = (a: tf.Tensor, b: tf.Tensor): void => {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [a.dataSync(), b.dataSync()];
  x.forEach((value, i) => expect(value).toBeCloseTo(y[i]!, 5));
};

describe('normalise', () => {
  it('has the value and the gradient of x / |x| as tfjs derives it', () => {
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R2>([5, 7], 0, 2, 'float32', 1);
      const weight = tf.randomNormal<tf.Rank.R2>([5, 7], 0, 1, 'float32', 2);
      const plain = (rows: tf.Tensor2D): tf.Tensor2D => tf.div(rows, tf.norm(rows, 'euclidean', -1, true));
      const gradient = (f: (rows: tf.Tensor2D) => tf.Tensor2D): tf.Tensor =>
        tf.grad((rows: tf.Tensor) => tf.sum(tf.mul(f(rows as tf.Tensor2D), weight)))(x);
      close(normalise(x), plain(x));
      close(gradient(normalise), gradient(plain));
      // Twice, as where features that are unit vectors already go through it again.
      close(
        gradient((rows) => normalise(normalise(rows))),
        gradient((rows) => plain(plain(rows))),
      );
    });
  });
});

describe('crossEntropyOf', () => {
  it.each([
    [4, [0, 3, 1]],
    [1, [0, 0, 0]],
  ])('of %s classes has the value and the gradient of the formula', (classes, labels) => {
    tf.tidy(() => {
      const logits = tf.randomNormal<tf.Rank.R2>([3, classes], 0, 3, 'float32', 1);
      const target = oneHotRows(tf.tensor1d(labels, 'int32'), classes);
      expect(tf.sum(target, 1).arraySync()).toEqual([1, 1, 1]);
      const smooth: tf.Tensor2D = tf.add(tf.mul(target, 0.9), 0.1 / classes);
      const plain = (x: tf.Tensor2D): tf.Scalar => tf.neg(tf.mean(tf.sum(tf.mul(smooth, tf.logSoftmax(x)), -1)));
      close(crossEntropyOf(logits, smooth), plain(logits));
      const gradient = (f: (x: tf.Tensor2D) => tf.Scalar): tf.Tensor =>
        tf.grad((x: tf.Tensor) => tf.mul(f(x as tf.Tensor2D), 3))(logits);
      close(
        gradient((x) => crossEntropyOf(x, smooth)),
        gradient(plain),
      );
    });
  });
});
