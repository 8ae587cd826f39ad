import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { orderedSegmentSum } from './segment-sum.js';

// It is registered where a GPU computes; on the CPU of the same backend it is compared with the original.
describe.runIf(tf.getBackend() === 'tensorflow')('sums of rows as a product', () => {
  const sums = (x: tf.Tensor, ids: tf.Tensor1D, numSegments: number, most?: number): tf.Tensor =>
    orderedSegmentSum(
      { inputs: { x, segmentIds: ids }, attrs: { numSegments }, backend: tf.backend() },
      most,
    ) as tf.Tensor;

  it.each([
    ['in one piece', undefined],
    ['in pieces of three rows', 12],
  ])('are those of UnsortedSegmentSum, %s, ids that are no segment left out', (_, most) => {
    const x = tf.randomUniform([10, 3, 2], -1, 1, 'float32', 1);
    const ids = tf.tensor1d([3, 0, 3, -1, 1, 1, 0, -1, 3, 0], 'int32');
    const before = tf.memory().numTensors;
    const found = sums(x, ids, 4, most);
    expect(tf.memory().numTensors).toBe(before + 1);
    const expected = tf.unsortedSegmentSum(x, ids, 4);
    expect(found.shape).toEqual([4, 3, 2]);
    const difference = tf.max(tf.abs(tf.sub(found, expected))).arraySync() as number;
    expect(difference).toBeLessThan(1e-6);
    tf.dispose([x, ids, found, expected]);
  });
});
