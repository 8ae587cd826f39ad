import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { selectBackend } from '../select-backend.js';
import { transformerStep } from './transformer-step.fixture.js';

beforeAll(async () => {
  await selectBackend('wasm');
});
// What these tests make would else lie in the heap that the guard's test fills.
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

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

test.each([
  [[7, 72, 64], [7, 64, 72], false, false], // taken apart
  [[2, 3, 40, 33], [2, 3, 50, 33], false, true],
  [[2, 3, 33, 40], [2, 3, 33, 50], true, false],
  [[3, 33, 40], [3, 50, 33], true, true],
  [[2, 1, 40, 40], [2, 1, 40, 40], false, false],
  [[300, 2, 3], [300, 3, 2], false, false], // too small for that
])('batches of products, %j by %j, operands transposed: %s, %s', async (ofA, ofB, transposeA, transposeB) => {
  const [wasm, cpu] = await onBoth(() => {
    const a = tf.randomUniform(ofA, -1, 1, 'float32', 1);
    const b = tf.randomUniform(ofB, -1, 1, 'float32', 2);
    return [tf.matMul(a, b, transposeA, transposeB), tf.add(a, 0), tf.add(b, 0)];
  });
  expectClose(wasm, cpu, 2e-5);
});

test('a product of batches keeps no name of a matrix on the heap', async () => {
  await selectBackend('wasm');
  const heap = tf.backend() as unknown as { wasm: { _malloc(bytes: number): number; _free(address: number): void } };
  const round = (): number => {
    tf.tidy(() => void tf.matMul(tf.ones([50, 64, 64]), tf.ones([50, 64, 64])));
    const address = heap.wasm._malloc(2 ** 20);
    heap.wasm._free(address);
    return address;
  };
  for (let i = 0; i < 5; i++) round();
  const before = round();
  for (let i = 0; i < 50; i++) round();
  expect(round()).toBe(before);
});

/** All orders of some axes. */
function ordersOf(axes: number[]): number[][] {
  if (axes.length < 2) return [axes];
  return axes.flatMap((axis) => ordersOf(axes.filter((other) => other !== axis)).map((rest) => [axis, ...rest]));
}

test.each([[[2, 3]], [[2, 3, 4]], [[2, 3, 1, 4]], [[2, 3, 4, 2, 3]], [[1, 3, 2, 1, 2]], [[2, 1, 1, 1, 1]]])(
  'transpositions of %j in every order of axes',
  async (shape) => {
    const [wasm, cpu] = await onBoth(() => {
      const x = tf.reshape(
        tf.range(
          0,
          shape.reduce((a, b) => a * b),
        ),
        shape,
      );
      return ordersOf(shape.map((_, axis) => axis)).map((perm) => tf.transpose(x, perm));
    });
    expect(wasm).toEqual(cpu);
  },
);

test('shapes of what is transposed', async () => {
  await selectBackend('wasm');
  expect(tf.transpose(tf.zeros([7, 72, 3, 2, 64]), [2, 3, 0, 1, 4]).shape).toEqual([3, 2, 7, 72, 64]);
  expect(tf.transpose(tf.zeros([1, 5, 1]), [1, 0, 2]).shape).toEqual([5, 1, 1]);
  expect(tf.transpose(tf.zeros([2, 0, 3]), [2, 1, 0]).shape).toEqual([3, 0, 2]);
});

test.each(['float32', 'int32', 'bool'] as const)('parts and slices of %s', async (dtype) => {
  const [wasm, cpu] = await onBoth(() => {
    const numbers = tf.reshape(tf.range(0, 2 * 3 * 4 * 5 * 40), [2, 3, 4, 5, 40]);
    const x = dtype === 'bool' ? tf.greater(tf.mod(numbers, 7), 3) : tf.cast(numbers, dtype);
    const line = tf.reshape(x, [-1]);
    return [
      tf.slice(x, [1, 0, 2, 0, 0], [1, 3, 2, 5, 40]),
      tf.slice(x, [0, 1, 1, 1, 1], [2, 2, 2, 3, 7]),
      tf.slice(x, [0, 2, 0, 0, 39], [2, 1, 4, 5, 1]),
      tf.slice(x, [0, 2], [-1, 1]),
      tf.slice(tf.reshape(x, [120, 40]), [3, 5], [50, 33]),
      tf.slice(tf.reshape(x, [24, 5, 40]), [3, 0, 0], [9, 4, 40]),
      tf.slice(tf.reshape(x, [6, 4, 5, 40]), [3, 0, 1, 0], [2, 4, 2, 40]),
      tf.slice(line, 7, 100),
      tf.slice(line, [5]),
      tf.slice(line, 3, 0),
      ...[0, 1, 2, 3, 4].flatMap((axis) => tf.unstack(x, axis)),
      ...tf.unstack(tf.slice(line, 0, 50)),
      ...tf.split(x, [1, 2], 1),
    ].map((part) => tf.cast(part, 'float32'));
  });
  expect(wasm).toEqual(cpu);
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
