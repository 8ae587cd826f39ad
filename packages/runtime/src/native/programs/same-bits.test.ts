import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layout } from '../../install/compile-binding.js';
import { listRuntimes } from '../../install/installation.js';

/** TensorFlow rewrites functions before it runs them: what a program may consist of must come through with the same bits. */
const kernel = tf.getKernel('PromptweaveProgram', tf.getBackend());

const normal = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);
const [x, w] = [normal([40, 32], 1) as tf.Tensor2D, normal([32, 48], 2) as tf.Tensor2D];
const [b, g, stacked] = [normal([48], 3), normal([40, 48], 4), normal([5, 8, 32], 5) as tf.Tensor3D];
const inputs = [x, w, b, g, stacked];
afterAll(() => tf.dispose(inputs));

const linear = (): tf.Tensor2D => tf.add(tf.matMul(x, w), b);
const standardised = (y: tf.Tensor): tf.Tensor => {
  const centred = tf.sub(y, tf.mean(y, -1, true));
  return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5)));
};

const computations: Record<string, () => tf.Tensor> = {
  'a linear layer': linear,
  'a linear layer and ReLU': () => tf.relu(linear()),
  'a linear layer and tanh': () => tf.tanh(linear()),
  'a linear layer and GELU': () => tf.mul(tf.mul(linear(), 0.5), tf.add(1, tf.erf(tf.div(linear(), Math.SQRT2)))),
  QuickGELU: () => tf.mul(g, tf.sigmoid(tf.mul(g, 1.702))),
  SiLU: () => tf.mul(g, tf.sigmoid(g)),
  'a layer norm': () => tf.add(tf.mul(standardised(g), b), b),
  'products of several matrices': () => tf.matMul(stacked, stacked, false, true),
  attention: () => tf.softmax(tf.div(tf.matMul(stacked, stacked, false, true), Math.sqrt(32))),
  softmax: () => tf.softmax(g),
  'log softmax': () => tf.logSoftmax(g),
  'a sum of several': () => tf.addN([x, tf.mul(x, 3), tf.mul(x, 0.1), tf.square(x)]),
  'sums over axes': () => tf.concat([tf.sum(g, 0), tf.mean(g, 0), tf.max(g, 0), tf.min(g, 0)]),
  'functions of one number': () =>
    tf.stack([tf.exp(g), tf.log(tf.abs(g)), tf.erf(g), tf.sigmoid(g), tf.tanh(g), tf.sqrt(tf.abs(g)), tf.neg(g)]),
  'functions of two numbers': () =>
    tf.stack([tf.div(g, b), tf.squaredDifference(g, b), tf.maximum(g, b), tf.minimum(g, b), tf.sub(g, b)]),
  'rows elsewhere': () =>
    tf.concat([tf.gather(x, [3, 1, 1]), tf.slice(x, [5, 0], [7, 32]), tf.pad(x, [[1, 1], [0, 0]])]), // oxfmt-ignore
  'axes elsewhere': () => tf.tile(tf.transpose(stacked, [1, 0, 2]), [1, 2, 1]),
  'sums of segments': () => tf.unsortedSegmentSum(x, tf.tensor1d(Array.from({ length: 40 }, (_, i) => i % 7), 'int32'), 7), // oxfmt-ignore
};

/** Whether programs that are recorded from now on run in the thread that calls them, as they do on a GPU. */
async function runHere(here: boolean): Promise<void> {
  const { folder } = (await listRuntimes()).find(({ problem }) => !problem)!;
  const requireFrom = createRequire(join(folder, 'package.json'));
  const { attach } = requireFrom(`./${layout.programs}`) as { attach(binding: string, here: boolean): void };
  attach(join(folder, layout.binding), here);
}

describe.runIf(kernel).each([
  ['in a thread of TensorFlow', false],
  ['where it is called', true],
])('a program gives the bits of what it is composed of, %s', (where, here) => {
  beforeAll(() => runHere(here));
  afterAll(() => runHere(false));

  it.each(Object.keys(computations))('%s', (name) => {
    const attributes = { key: `same bits ${name} ${where}`, compose: () => tf.tidy(() => [computations[name]!()]) };
    const run = (): tf.Tensor[] =>
      tf.engine().runKernel('PromptweaveProgram', inputs as never, attributes as unknown as tf.NamedAttrMap);
    const outcomes = [() => [tf.tidy(computations[name]!)], run, run, run].map((compute) => {
      const [outcome] = compute();
      const values = outcome!.dataSync();
      outcome!.dispose();
      return values;
    });
    for (const values of outcomes) expect(values).toEqual(outcomes[0]);
  });
});
