import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { selectBackend } from '../select-backend.js';
import { transformerStep } from './transformer-step.fixture.js';

beforeAll(async () => {
  await selectBackend('wasm');
});

/** Runs the same computation on wasm and on the plain CPU backend, which is the reference. */
async function onBoth(compute: () => tf.Tensor[]): Promise<[number[][], number[][]]> {
  const run = async (name: 'wasm' | 'cpu'): Promise<number[][]> => {
    await selectBackend(name);
    const outputs = tf.tidy(compute);
    const values = await Promise.all(outputs.map(async (output) => Array.from(await output.data())));
    tf.dispose(outputs);
    return values;
  };
  return [await run('wasm'), await run('cpu')];
}

function expectClose(found: number[][], expected: number[][], tolerance: number): void {
  expect(found.map((values) => values.length)).toEqual(expected.map((values) => values.length));
  found.forEach((values, which) => {
    const worst = Math.max(...values.map((value, i) => Math.abs(value - (expected[which]?.[i] ?? NaN))));
    expect(worst, `output ${which}`).toBeLessThan(tolerance);
  });
}

test('the gradient of gather adds the rows that were taken more than once', async () => {
  const [wasm, cpu] = await onBoth(() => {
    const weights = tf.tensor2d([1, 10, 2, 20, 3, 30, 4, 40], [4, 2]);
    return [tf.grad((table) => tf.sum(tf.mul(tf.gather(table, [2, 0, 2, 2]), weights)))(tf.ones([3, 2]))];
  });
  expect(wasm).toEqual([[2, 20, 0, 0, 8, 80]]); // rows 1, 3 and 4 of the weights go to row 2
  expect(wasm).toEqual(cpu);
});

test('segments of a larger rank, and ids that are no segment', async () => {
  await selectBackend('wasm');
  const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [4, 1, 2]);
  const sums = tf.unsortedSegmentSum(x, tf.tensor1d([1, -1, 1, 7], 'int32'), 3);
  expect(sums.shape).toEqual([3, 1, 2]);
  expect(Array.from(await sums.data())).toEqual([0, 0, 6, 8, 0, 0]);
});

test.each([
  [false, false],
  [false, true],
  [true, false],
  [true, true],
])('products of matrices, operands transposed: %s, %s', async (transposeA, transposeB) => {
  const [wasm, cpu] = await onBoth(() => {
    const random = (shape: number[], seed: number): tf.Tensor => tf.randomUniform(shape, -1, 1, 'float32', seed);
    const product = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.matMul(a, b, transposeA, transposeB);
    const a = random(transposeA ? [2, 3, 7, 5] : [2, 3, 5, 7], 1);
    const b = random(transposeB ? [2, 3, 4, 7] : [2, 3, 7, 4], 2);
    const one = random(transposeB ? [1, 4, 7] : [1, 7, 4], 3);
    const flat = random(transposeA ? [7, 5] : [5, 7], 4);
    return [
      product(a, b),
      product(tf.reshape(a, [6, ...a.shape.slice(2)]), one), // one matrix for the whole batch
      product(flat, tf.reshape(one, one.shape.slice(1))),
    ];
  });
  expectClose(wasm, cpu, 1e-5);
});

test('a pre-LN transformer block with its losses: values and gradients', async () => {
  const [wasm, cpu] = await onBoth(transformerStep);
  expect(cpu[0]?.[0]).toBeGreaterThan(0);
  expectClose(wasm, cpu, 2e-4);
});

test('a training step leaves no tensor behind on the heap', async () => {
  await selectBackend('wasm');
  tf.dispose(tf.tidy(transformerStep));
  const before = tf.backend().numDataIds();
  tf.dispose(tf.tidy(transformerStep));
  expect(tf.backend().numDataIds()).toBe(before);
});
