import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { dropout, dropoutMask } from './dropout.js';

const rows = Int32Array.from({ length: 400 }, (_, i) => i - 1);

/** MurmurHash3's finaliser in exact arithmetic of unsigned 32-bit numbers. */
function finalised(value: bigint): bigint {
  const cut = (x: bigint): bigint => BigInt.asUintN(32, x);
  let hash = cut(value);
  hash = cut((hash ^ (hash >> 16n)) * 0x85ebca6bn);
  hash = cut((hash ^ (hash >> 13n)) * 0xc2b2ae35n);
  return hash ^ (hash >> 16n);
}

it.each([1, 2, 7, 64])('has the values of its definition, as ever, for width %i', (width) => {
  const some = Int32Array.of(-1, 0, 1, 399, 2 ** 31 - 1);
  for (const key of [0, 1, -5, 123456789, 2 ** 31 - 1]) {
    const expected = [...some].flatMap((row) => {
      const ofRow = finalised(BigInt(key) ^ BigInt.asUintN(32, BigInt(row) * 0x9e3779b1n));
      return Array.from({ length: width }, (_, column) => {
        const pair = finalised(ofRow + BigInt(column - (column % 2) + 1) * 0x85ebca6bn);
        const drawn = column % 2 === 0 ? pair & 0xffffn : pair >> 16n;
        return Number(drawn) >= 0.25 * 65536 ? Math.fround(4 / 3) : 0;
      });
    });
    expect([...dropoutMask(some, width, 0.25, key)]).toEqual(expected);
  }
});

it('sets the asked share to 0, and keeps the mean', () => {
  const mask = dropoutMask(rows, 75, 0.25, 12345);
  const zeros = mask.filter((value) => value === 0).length / mask.length;
  expect(zeros).toBeCloseTo(0.25, 2);
  expect(new Set(mask)).toEqual(new Set([0, Math.fround(4 / 3)]));
  const ofColumns = Array.from({ length: 75 }, (_, c) =>
    rows.reduce((sum, __, r) => sum + (mask[r * 75 + c]! > 0 ? 1 : 0), 0),
  );
  expect(Math.min(...ofColumns)).toBeGreaterThan(250); // 300 on average, standard deviation 8.7
  expect(Math.max(...ofColumns)).toBeLessThan(350);
});

it('gives neighbours, rows and keys numbers that have nothing to do with each other', () => {
  const bits = (key: number) => [...dropoutMask(rows, 64, 0.5, key)].map((value) => (value > 0 ? 1 : -1));
  const [a, b] = [bits(1), bits(2)];
  const correlation = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0) / x.length;
  for (const other of [b, a.slice(1), a.slice(2), a.slice(64), a.slice(65)]) {
    expect(Math.abs(correlation(a, other))).toBeLessThan(0.03); // standard deviation 0.006
  }
});

it('gives a row the same numbers wherever it stands', () => {
  const width = 7;
  const all = dropoutMask(rows, width, 0.25, 9);
  const some = Int32Array.of(300, -1, 17);
  const picked = dropoutMask(some, width, 0.25, 9);
  some.forEach((row, i) => {
    expect(picked.slice(i * width, (i + 1) * width)).toEqual(all.slice((row + 1) * width, (row + 2) * width));
  });
});

it('is a factor on the tape', () => {
  tf.tidy(() => {
    const x = tf.ones<tf.Rank.R2>([3, 4]);
    const some = Int32Array.of(0, 1, 2);
    const gradient = tf.grad((value) => tf.sum(dropout(value as tf.Tensor2D, some, 0.5, 3)))(x);
    expect([...gradient.dataSync()]).toEqual([...dropoutMask(some, 4, 0.5, 3)]);
  });
});
