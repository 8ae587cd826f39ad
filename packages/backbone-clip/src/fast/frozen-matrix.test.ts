import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { columnsOf, hasBfloat16, keptLike, pack, timesFrozen, timesTransposed, unpacked } from './frozen-matrix.js';
import * as fusing from './fused.js';

// The products themselves are compared with float64 in packages/runtime, src/native/bfloat16.test.ts.
let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(tf.memory().numTensors).toBe(tensors);
});

const matrix = (rows: number, columns: number, seed: number): tf.Tensor2D =>
  tf.randomNormal([rows, columns], 0, 1, 'float32', seed) as tf.Tensor2D;

describe('a weight in float32', () => {
  it('is multiplied, cut and kept as it is', () =>
    tf.tidy(() => {
      const [x, weight] = [matrix(3, 5, 1), matrix(5, 4, 2)];
      expect(timesFrozen(x, weight).arraySync()).toEqual(tf.matMul(x, weight).arraySync());
      expect(unpacked(weight)).toBe(weight);
      expect(keptLike(x, weight)).toBe(x);
      expect(unpacked(columnsOf(weight, 1, 2)).arraySync()).toEqual(tf.slice(weight, [0, 1], [5, 2]).arraySync());
    }));
});

it('a backend without bfloat16 says so', () => {
  vi.spyOn(fusing, 'fused').mockReturnValue(undefined);
  const weight = matrix(2, 2, 3);
  expect(() => pack(weight)).toThrow(
    expect.objectContaining({ name: 'BackendError', where: 'runtime.precision' }) as Error,
  );
  weight.dispose();
});

describe('a weight in bfloat16 (left out where the CPU has no such products)', () => {
  const test = it.skipIf(!hasBfloat16());

  test('is half as large, and multiplied as it was rounded', () =>
    tf.tidy(() => {
      const weight = matrix(64, 96, 4);
      const packed = pack(weight);
      expect(packed.packed.size * 2).toBe(weight.size);
      const [x, dy] = [unpacked(pack(matrix(7, 64, 5))), unpacked(pack(matrix(7, 96, 6)))]; // rounding them again changes nothing
      const same = (found: tf.Tensor, expected: tf.Tensor) =>
        expect(tf.max(tf.abs(tf.sub(found, expected))).arraySync()).toBeLessThan(1e-4);
      same(timesFrozen(x, packed), tf.matMul(x, unpacked(packed)));
      same(timesTransposed(dy, packed), tf.matMul(dy, unpacked(packed), false, true));
      expect(unpacked(keptLike(unpacked(packed), packed)).arraySync()).toEqual(unpacked(packed).arraySync());
    }));

  // Within blocks of 32, at their borders, and over the last, incomplete one.
  test.each([
    [64, 96, 0, 32],
    [64, 96, 32, 64],
    [40, 72, 24, 48],
    [12, 36, 0, 12],
    [12, 36, 12, 24],
    [33, 70, 32, 38],
    [33, 70, 64, 6],
    [33, 70, 69, 1],
  ])('has its columns: [%i, %i] from %i on, %i of them', (rows, columns, from, count) =>
    tf.tidy(() => {
      const packed = pack(matrix(rows, columns, 7));
      const part = columnsOf(packed, from, count);
      const expected = tf.slice(unpacked(packed), [0, from], [rows, count]);
      expect(part.shape).toEqual([rows, count]);
      expect(unpacked(part).arraySync()).toEqual(expected.arraySync());
      const x = matrix(5, rows, 8);
      const all = tf.slice(timesFrozen(x, packed), [0, from], [5, count]);
      expect(timesFrozen(x, part).arraySync()).toEqual(all.arraySync());
    }),
  );
});
