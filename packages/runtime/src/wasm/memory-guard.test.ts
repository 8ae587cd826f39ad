import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { assertFits } from '../assert-fits.js';
import { selectBackend } from '../select-backend.js';

beforeAll(async () => {
  await selectBackend('wasm');
});

test('what would exceed the heap is refused, and the backend stays sound', async () => {
  const tensors: tf.Tensor[] = [];
  const { makeOutput } = tf.backend() as BackendWasm;
  /** 512 MiB each, which nothing is written to. */
  const fill = (): void => {
    for (;;) tensors.push(tf.engine().makeTensorFromTensorInfo(makeOutput.call(tf.backend(), [2 ** 27], 'float32')));
  };
  expect(fill).toThrow(
    /^The WebAssembly backend has no room for a tensor of 512 MiB: 3072 MiB of 3328 MiB are used\.$/,
  );
  expect(tensors).toHaveLength(6);
  await expect(assertFits(2 ** 30, 'a step')).rejects.toMatchObject({
    name: 'BackendError',
    message: 'The WebAssembly backend has no room for a step of 1024 MiB: 3072 MiB of 3328 MiB are used.',
  });
  tf.dispose(tensors);
  await expect(assertFits(2 ** 30, 'a step')).resolves.toBeUndefined();
  expect(Array.from(await tf.add(tf.ones([3]), tf.fill([3], 2)).data())).toEqual([3, 3, 3]);
});

test('tensors that share memory are counted once, and freed once', () => {
  const x = tf.ones([1024]);
  const y = tf.reshape(x, [32, 32]);
  x.dispose();
  expect(Array.from(tf.sum(y).dataSync())).toEqual([1024]);
});

test('on the other backends, work beyond the machine’s memory is refused', async () => {
  await selectBackend('cpu');
  await expect(assertFits(2 ** 50, 'A batch of 10,000')).rejects.toThrow(
    /^A batch of 10,000 needs 1048576\.0 GiB; \d+\.\d GiB of memory are available\.$/,
  );
});
