import * as tf from '@tensorflow/tfjs-core';
import { createRequire } from 'node:module';
import { beforeAll, expect, test, vi } from 'vitest';
import { selectBackend } from '../select-backend.js';

const image = () => tf.reshape(tf.range(0, 32), [1, 4, 4, 2]) as tf.Tensor4D;
const kernel = tf.tensor4d([1, -1, 2, 0.5, -2, 3, 1, 4], [2, 2, 2, 1]);

/** Functions of an image; the gradients of the first ones come from modules that tfjs-core keeps to itself. */
const functions: Record<string, (x: tf.Tensor4D) => tf.Tensor> = {
  conv2d: (x) => tf.square(tf.conv2d(x, kernel, 1, 'valid')),
  depthwiseConv2d: (x) => tf.square(tf.depthwiseConv2d(x, kernel, 1, 'valid')),
  localResponseNormalization: (x) => tf.localResponseNormalization(x),
  maxPool: (x) => tf.square(tf.maxPool(x, 2, 1, 'valid')),
  avgPool: (x) => tf.square(tf.avgPool(x, 2, 1, 'valid')),
  resizeBilinear: (x) => tf.square(tf.image.resizeBilinear(x, [3, 3])),
  resizeNearestNeighbor: (x) => tf.square(tf.image.resizeNearestNeighbor(x, [3, 3])),
  max: (x) => tf.square(tf.max(x, 1)),
  mean: (x) => tf.square(tf.mean(x, 1)),
  slice: (x) => tf.square(tf.slice(x, [0, 1, 0, 0], [1, 2, 4, 1])),
  selu: (x) => tf.selu(tf.sub(x, 16)),
  elu: (x) => tf.elu(tf.sub(x, 16)),
  mod: (x) => tf.square(tf.mod(x, 5)),
};

/** What is registered: the gradient of each kernel that has one, the methods of tensors, and what some of both compute. */
function registered() {
  const kernels = Object.values(tf).filter((name) => typeof name === 'string');
  const gradients = kernels.flatMap((name) => {
    const own: tf.GradConfig | undefined = tf.getGradient(name);
    return own ? [{ ...own, saveAllInputs: own.saveAllInputs ?? false }] : [];
  });
  const values = Object.entries(functions).map(([name, compute]) => {
    const gradient = tf.tidy(() =>
      tf
        .grad((x) => tf.sum(compute(x as tf.Tensor4D)))(image())
        .arraySync(),
    );
    return [name, gradient];
  });
  return { gradients, values, methods: Object.getOwnPropertyNames(tf.Tensor.prototype).sort() };
}

beforeAll(async () => void (await selectBackend('cpu')));

// tfjs-layers bundles the same modules of tfjs-core, and registers them in place of ours.
test('the gradients and methods that tfjs-core publishes for bundlers are all there, and compute what they should', () => {
  const ours = registered();
  vi.spyOn(console, 'warn').mockReturnValue();
  createRequire(import.meta.url)('@tensorflow/tfjs-layers');
  const theirs = registered();
  expect(ours.gradients.map((own, i) => own.gradFunc === theirs.gradients[i]?.gradFunc)).not.toContain(true);
  const anyFunction = { gradFunc: expect.any(Function) as () => unknown };
  expect(ours).toEqual({ ...theirs, gradients: theirs.gradients.map((their) => ({ ...their, ...anyFunction })) });
  expect([ours.gradients.length, ours.methods.length]).toEqual([101, 154]);
});
