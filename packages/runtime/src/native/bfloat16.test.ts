import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { cpuFlags } from '../cpu-flags.js';
import { found, guardTensors, isLeftOut, leftOut, run } from './bfloat16.test.support.js';

const flags = await cpuFlags();

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

guardTensors();

describe(`products of bfloat16${leftOut}`, () => {
  const test = it.skipIf(isLeftOut);

  test('use an instruction that the CPU has', () => {
    expect(flags).toContain((found as { instruction: string }).instruction);
  });

  // Rows, inputs and outputs within, at and beyond blocks of 16, 32 and 1024.
  test.each([
    [1, 1, 1],
    [1, 2, 3],
    [2, 31, 1],
    [3, 1, 33],
    [1, 32, 32],
    [7, 33, 65],
    [15, 30, 40],
    [16, 64, 16],
    [17, 47, 48],
    [33, 100, 70],
    [2, 200, 96],
    [19, 1025, 34],
    [40, 33, 1057],
    [1027, 20, 40],
  ])('are those of rounded operands, summed in float32: %i rows, %i inputs, %i outputs', (rows, inner, outer) => {
    const [x, dy] = [numbers(rows * inner, 1), numbers(rows * outer, 2)];
    const weight = numbers(inner * outer, 3);
    const packed = packedOf(weight, inner, outer);
    expect(unpackedOf(packed, inner, outer)).toEqual(Float32Array.from(weight, rounded));
    expectProduct(product(x, packed, rows, inner, outer, false), x, weight, rows, inner, outer, false);
    expectProduct(product(dy, packed, rows, inner, outer, true), dy, weight, rows, inner, outer, true);
  });

  test('round operands to the nearest, and to even ones half-way between', () => {
    const cases: [given: number, expected: number][] = [
      [1 + 2 ** -8, 1], // half-way between 1 and 1 + 2⁻⁷: 1 is even
      [1 + 2 ** -7 + 2 ** -8, 1 + 2 ** -6], // half-way between an odd one and an even one
      [1 + 2 ** -8 + 2 ** -20, 1 + 2 ** -7],
      [-(1 + 2 ** -8), -1],
      [-(1 + 2 ** -8 + 2 ** -20), -(1 + 2 ** -7)],
      [3.4e38, Infinity],
      [Infinity, Infinity],
      [-Infinity, -Infinity],
      [0, 0],
    ];
    const given = cases.map(([value]) => value);
    const expected = cases.map(([, value]) => value);
    expect([...unpackedOf(packedOf(given, 1, given.length), 1, given.length)]).toEqual(expected);
    // As rows, each times 1.
    expect([...product(given, packedOf([1], 1, 1), given.length, 1, 1, false)]).toEqual(expected);
    const many = numbers(500, 4);
    expect(unpackedOf(packedOf(many, 1, 500), 1, 500)).toEqual(Float32Array.from(many, rounded));
  });

  test('keep what is not a number, and infinity, in their rows and columns', () => {
    const [rows, inner, outer] = [5, 40, 35];
    const x = numbers(rows * inner, 5);
    x[1 * inner + 39] = NaN;
    x[3 * inner + 2] = Infinity;
    const weight = numbers(inner * outer, 6);
    weight[2 * outer + 34] = NaN;
    const packed = packedOf(weight, inner, outer);
    const found = product(x, packed, rows, inner, outer, false);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < outer; column++) {
        const value = found[row * outer + column]!;
        if (row === 1 || column === 34) expect(value).toBeNaN();
        else if (row === 3) expect(Math.abs(value)).toBe(Infinity);
        else expect(value).toSatisfy(Number.isFinite);
      }
    }
  });

  test('give one row the same bits, whatever rows stand beside it', () => {
    const [rows, inner, outer] = [67, 96, 80];
    const x = numbers(rows * inner, 7);
    const packed = packedOf(numbers(inner * outer, 8), inner, outer);
    const all = product(x, packed, rows, inner, outer, false);
    for (const row of [0, 15, 16, 40, 66]) {
      const alone = product(x.slice(row * inner, (row + 1) * inner), packed, 1, inner, outer, false);
      expect(alone).toEqual(all.slice(row * outer, (row + 1) * outer));
    }
  });

  test('of no rows are no rows', () => {
    expect(product([], packedOf(numbers(6, 9), 2, 3), 0, 2, 3, false)).toHaveLength(0);
  });

  test.each([
    [[4, 5], 12, { rows: 6, columns: 2 }, /rows do not fit the weight/],
    [[4, 6], 12, { rows: 6, columns: 40 }, /input 1 has not/],
  ] as const)('refuse rows %j of a weight of %i numbers said to be %j', (shape, count, said, message) => {
    const packed = packedOf(numbers(count, 10), count / 2, 2);
    const attributes = { ...said, transposed: 0 };
    tf.tidy(() => {
      const weight = tf.tensor1d(packed, 'int32');
      expect(() => run('Bfloat16Product', [tf.zeros([...shape]), weight], attributes)).toThrow(message);
    });
  });
});

function packedOf(weight: readonly number[], inner: number, outer: number): Int32Array {
  return tf.tidy(() => run('PackWeight', [tf.tensor2d([...weight], [inner, outer])])[0]!.dataSync()) as Int32Array;
}

function unpackedOf(packed: Int32Array, rows: number, columns: number): Float32Array {
  const attributes = { rows, columns, transposed: 0 };
  return tf.tidy(() => run('UnpackWeight', [tf.tensor1d(packed, 'int32')], attributes)[0]!.dataSync()) as Float32Array;
}

/** x · W, or x · Wᵀ, with W [inner, outer]. */
function product(
  x: readonly number[],
  packed: Int32Array,
  rows: number,
  inner: number,
  outer: number,
  transposed: boolean,
): Float32Array {
  const attributes = { rows: inner, columns: outer, transposed: transposed ? 1 : 0 };
  return tf.tidy(() => {
    const matrix = tf.tensor2d([...x], [rows, transposed ? outer : inner]);
    return run('Bfloat16Product', [matrix, tf.tensor1d(packed, 'int32')], attributes)[0]!.dataSync();
  }) as Float32Array;
}

/** Within what sums in float32 may be off: 2⁻²⁰ of the sum of absolute products, computed in float64. */
function expectProduct(
  found: Float32Array,
  x: readonly number[],
  weight: readonly number[],
  rows: number,
  inner: number,
  outer: number,
  transposed: boolean,
): void {
  const [long, wide] = transposed ? [outer, inner] : [inner, outer];
  const [a, b] = [x.map(rounded), weight.map(rounded)];
  expect(found).toHaveLength(rows * wide);
  let furthest = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < wide; column++) {
      let sum = 0;
      let size = 0;
      for (let k = 0; k < long; k++) {
        const term = a[row * long + k]! * b[transposed ? column * outer + k : k * outer + column]!;
        sum += term;
        size += Math.abs(term);
      }
      furthest = Math.max(furthest, Math.abs(found[row * wide + column]! - sum) / size);
    }
  }
  expect(furthest).toBeLessThan(2 ** -20);
}

/** Numbers of many sizes and of both signs, as float32. */
function numbers(count: number, seed: number): number[] {
  let state = seed * 2654435761;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: count }, () => Math.fround((next() - 0.5) * 4 ** Math.floor(4 * next())));
}

/** The nearest number of 8 bits of fraction, the even one half-way between two. */
function rounded(value: number): number {
  float[0] = value;
  bits[0] = (bits[0]! + 0x7fff + ((bits[0]! >>> 16) & 1)) & 0xffff0000;
  return float[0];
}
