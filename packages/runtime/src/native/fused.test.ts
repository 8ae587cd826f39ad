import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { listRuntimes } from '../install/installation.js';
import { bfloat16On } from '../precision.js';
import { selectBackend } from '../select-backend.js';
import { bfloat16Operations, fusedOperations } from './fused.js';

// What they compute is compared with composed operations in backbone-clip, fast/fused-equals-composed.test.ts.
const choice = await selectBackend(tf.getBackend() as 'tensorflow');
const { installation, gpu } = choice;
const bfloat16 = await bfloat16On(choice);
const entry = (await listRuntimes()).find(({ name }) => name === installation);

const run = (name: string, inputs: readonly tf.Tensor[], attributes: tf.NamedAttrMap = {}): tf.Tensor[] =>
  tf.engine().runKernel(`Promptweave${name}`, inputs as unknown as tf.NamedTensorMap, attributes);

const wanted = !gpu && process.env.PROMPTWEAVE_FUSED !== '0';

/** Rows, scale, shift, down, ids and keys of low-rank branches. */
const lowRank = (down: number, ids: number, keys: number) => [
  ...[tf.zeros([4, 6]), tf.zeros([6]), tf.zeros([6]), tf.zeros([down, 6])],
  ...[tf.zeros([ids], 'int32'), tf.zeros([keys], 'int32')],
];

it('are compiled for whichever CPU: an installation without one of them is made anew', () => {
  expect(fusedOperations).toEqual(expect.arrayContaining([...bfloat16Operations]));
});

describe.runIf(entry && !entry.notFused && wanted)('the fused operations', () => {
  it('are kernels of the backend', () => {
    const names = tf.getKernelsForBackend('tensorflow').map(({ kernelName }) => kernelName);
    const absent = 'not' in bfloat16 ? bfloat16Operations : [];
    const expected = fusedOperations.filter((operation) => !absent.includes(operation));
    expect(names).toEqual(expect.arrayContaining(expected.map((operation) => `Promptweave${operation}`)));
    expect(names.filter((name) => absent.some((operation) => name === `Promptweave${operation}`))).toEqual([]);
  });

  it.each([
    ['AddProduct', [[2, 3], [2, 4], [3]], {}, /input 1 has not 6 numbers/],
    ['StandardiseSum', [[2, 3], [2, 3], [2]], {}, /input 2 has not 3 numbers/],
    [
      'StandardiseBackward',
      [
        [2, 3],
        [2, 3],
        [2, 3],
        [3, 1],
      ],
      {},
      /input 3 has not 2 numbers/,
    ],
    [
      'Softmax',
      [
        [2, 3, 4],
        [4, 4],
      ],
      { masks: 1 },
      /the mask does not fit/,
    ],
    [
      'SplitHeads',
      [[4, 9]],
      { biases: 0, start: 0, count: 2, length: 2, prefix: 0, heads: 2, parts: 3 },
      /cannot be divided/,
    ],
    [
      'SplitHeads',
      [[4, 12]],
      { biases: 0, start: 1, count: 2, length: 2, prefix: 1, heads: 2, parts: 3 },
      /fewer rows/,
    ],
    [
      'MergeHeads',
      [[2, 2, 3, 4]],
      { inputs: 1, rows: 5, parts: 1, starts: [0], lengths: [3] },
      /does not fit its group/,
    ],
    [
      'MergeHeads',
      [[2, 2, 3, 4]],
      { inputs: 1, rows: 6, parts: 1, starts: [9], lengths: [3] },
      /begins outside of the rows/,
    ],
    [
      'AddLowRank',
      [
        [4, 6],
        [4, 2],
        [2, 5],
      ],
      {},
      /do not fit the rows/,
    ],
    [
      'AddLowRank',
      [
        [4, 6],
        [4, 3],
        [2, 6],
      ],
      {},
      /input 1 has not 8 numbers/,
    ],
  ] as const)('%s refuses shapes that do not fit, %j', (name, shapes, attributes, message) => {
    tf.tidy(() => {
      const inputs = shapes.map((shape) => tf.zeros([...shape]));
      expect(() => run(name, inputs, attributes as unknown as tf.NamedAttrMap)).toThrow(message);
    });
  });

  it.each([
    [3, 4, 2, 0, /do not fit the rows/],
    [4, 5, 2, 0, /input 4 has not 4 numbers/],
    [4, 4, 0, 0, /do not fit the rows/],
    [4, 4, 2, 65536, /all would be dropped/],
  ])('LowRankDown refuses %i rows of down, %i ids, %i keys, limit %i', (down, ids, keys, limit, message) => {
    tf.tidy(() => {
      expect(() => run('LowRankDown', lowRank(down, ids, keys), { limit })).toThrow(message);
    });
  });
});
