import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';

// Runs on whichever backend the tests run on; the reference is a product computed by hand.
test.each([
  [false, false],
  [false, true],
  [true, false],
  [true, true],
])('a product of two matrices, transposed %s and %s, and its gradients', (transposeA, transposeB) => {
  const a = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const b = [
    [1, -1],
    [0, 2],
    [3, 1],
  ];
  const turned = (m: number[][]): number[][] => m[0]!.map((_, column) => m.map((row) => row[column]!));
  tf.tidy(() => {
    const left = tf.tensor2d(transposeA ? turned(a) : a);
    const right = tf.tensor2d(transposeB ? turned(b) : b);
    const product = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => tf.matMul(x, y, transposeA, transposeB);
    expect(product(left, right).arraySync()).toEqual([
      [10, 6],
      [22, 12],
    ]);
    const [ofA, ofB] = tf.grads(product)([left, right], tf.ones([2, 2])) as [tf.Tensor2D, tf.Tensor2D];
    const dA = [
      [0, 2, 4],
      [0, 2, 4],
    ];
    const dB = [
      [5, 5],
      [7, 7],
      [9, 9],
    ];
    expect(ofA.arraySync()).toEqual(transposeA ? turned(dA) : dA);
    expect(ofB.arraySync()).toEqual(transposeB ? turned(dB) : dB);
  });
});

// WebAssembly has products of float32 alone.
test.skipIf(tf.getBackend() === 'wasm')('batches of matrices and other types go the original way', () => {
  tf.tidy(() => {
    const batch = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    expect(tf.matMul(batch, batch).arraySync()).toEqual([
      [
        [7, 10],
        [15, 22],
      ],
      [
        [67, 78],
        [91, 106],
      ],
    ]);
    const whole = tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32');
    expect(tf.matMul(whole, whole).arraySync()).toEqual([
      [7, 10],
      [15, 22],
    ]);
  });
});
