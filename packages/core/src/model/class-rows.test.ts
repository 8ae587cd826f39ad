import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { classRows, LearnedRows } from './class-rows.js';

describe('classRows', () => {
  it('finds classes by their names, and twins in their order', () => {
    expect(classRows(['b', 'x', 'a'], ['a', 'b'])).toEqual([1, -1, 0]);
    expect(classRows(['sunglasses', 'cat', 'sunglasses'], ['cat', 'sunglasses', 'sunglasses'])).toEqual([1, 0, 2]);
  });
});

describe('LearnedRows', () => {
  it.each([
    [
      ['b', 'new', 'a'],
      [
        [3, 4],
        [0, 0],
        [1, 2],
      ],
      [[1], [0], [1]],
      false,
    ],
    [
      ['b', 'a'],
      [
        [3, 4],
        [1, 2],
      ],
      [[1], [1]],
      true,
    ],
  ])('as %j see them', (names, rows, known, complete) => {
    const learned = tf.variable(
      tf.tensor2d([
        [1, 2],
        [3, 4],
      ]),
    );
    const seen = new LearnedRows(learned, ['a', 'b']).withClasses(names);
    expect(seen.get().arraySync()).toEqual(rows);
    expect(seen.known().arraySync()).toEqual(known);
    expect(seen.complete).toBe(complete);
    learned.dispose();
  });

  it('numbers of classes are seen likewise, and back again', () => {
    const learned = tf.variable(tf.tensor1d([5, 6]));
    const others = new LearnedRows<tf.Tensor1D>(learned, ['a', 'b']).withClasses(['c', 'b']);
    expect(others.get().arraySync()).toEqual([0, 6]);
    expect(others.withClasses(['a', 'b']).get().arraySync()).toEqual([5, 6]);
    learned.dispose();
  });
});
