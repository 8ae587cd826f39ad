import * as tf from '@tensorflow/tfjs-core';
import type { ProgramsAddon } from '../../../native/load.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Programs } from './programs.js';
import type { NativeBackend } from './recorder.js';

const kernel = tf.getKernel('PromptweaveProgram', tf.getBackend());

function run(key: string, inputs: tf.Tensor[], compose: () => tf.Tensor[]): tf.Tensor[] {
  const attributes = { key, compose: () => tf.tidy(compose) } as unknown as tf.NamedAttrMap;
  return tf.engine().runKernel('PromptweaveProgram', inputs as unknown as tf.NamedTensorMap, attributes);
}

describe.runIf(kernel)('a program', () => {
  let tensors: number;
  beforeEach(() => (tensors = tf.memory().numTensors));
  afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

  it('is composed, recorded and then executed as one operation, with the same bits', () => {
    const mask = Float32Array.from({ length: 100 }, (_, i) => Math.sin(i));
    let composed = 0;
    const seen = [1, 2, 3, 4].map((scale) =>
      tf.tidy(() => {
        const x: tf.Tensor2D = tf.mul(tf.reshape(tf.range(0, 100), [10, 10]), scale / 7);
        const compute = (): tf.Tensor[] => {
          composed++;
          const masked = tf.add(tf.mul(x, 0.1), tf.tensor2d(mask, [10, 10]));
          const [first] = tf.unstack(
            tf.stack([tf.sigmoid(masked), tf.tile(tf.expandDims(tf.sum(masked, 1), 1), [1, 10])]),
          );
          const picked = tf.gather(first!, tf.tensor1d([3, 1, 9], 'int32'));
          return [picked, tf.concat([picked, tf.zeros([2, 10])]), x];
        };
        const [expected, found] = [compute(), run('several operations', [x], compute)].map((outputs) =>
          outputs.map((output) => ({ shape: output.shape, values: output.dataSync() })),
        );
        expect(found).toEqual(expected);
        return found;
      }),
    );
    expect(seen[3]).not.toEqual(seen[2]);
    expect(composed).toBe(4 + 2); // beside those that are compared: one composed, one recorded
  });

  it('is another one for other shapes, types and keys', () => {
    const double = (key: string, x: tf.Tensor) => run(key, [x], () => [tf.add(x, x)])[0]!;
    const cases = [tf.ones([2]), tf.ones([1, 2]), tf.ones([2], 'int32'), tf.ones([3])];
    for (let i = 0; i < 3; i++) {
      for (const x of cases) {
        const y = double('double', x);
        expect([y.shape, y.dtype]).toEqual([x.shape, x.dtype]);
        y.dispose();
      }
    }
    tf.dispose(cases);
  });

  it('is another one where two of its arguments are the same', () => {
    const [a, b, c] = [tf.scalar(1), tf.scalar(2), tf.scalar(3)];
    const sum = (x: tf.Scalar, y: tf.Scalar) => {
      const [total] = run('x + 10 y', [x, y], () => [tf.add(x, tf.mul(y, 10))]);
      const value = total!.dataSync()[0];
      total!.dispose();
      return value;
    };
    const same = a.clone(); // another name for the same numbers
    const cases = [
      [a, same],
      [b, c],
      [c, c],
      [a, b],
    ] as const;
    for (let i = 0; i < 3; i++) expect(cases.map(([x, y]) => sum(x, y))).toEqual([11, 32, 33, 21]);
    tf.dispose([a, b, c, same]);
  });

  it('reads nothing but its arguments and what it makes', () => {
    const [x, other] = [tf.ones([2, 2]), tf.ones([2, 2])];
    const attempt = () => tf.dispose(run('secret', [x], () => [tf.add(x, other)]));
    attempt();
    expect(attempt).toThrow(/A program's AddV?2? reads a tensor \[2,2\] that is none of its arguments/);
    tf.dispose([x, other]);
  });
});

describe('programs', () => {
  it('are so many at most; those that were not used for long make room, and with them what was held for them alone', () => {
    const added: string[] = [];
    const removed: string[] = [];
    const addon: ProgramsAddon = { add: (name) => added.push(name), remove: (names) => removed.push(...names) };
    const backend = fakeBackend();
    const programs = new Programs(backend as unknown as NativeBackend, addon, 2);
    const values = new Float32Array(100);
    const call = (key: string) => {
      const compose = () => backend.executeMultipleOutputs('Add', [], [{ dataId: backend.write(values, [100]) }], 1);
      return programs.run({ inputs: [], attrs: { key, compose }, backend } as never);
    };
    for (const key of ['a', 'a', 'b', 'b', 'c', 'c', 'c']) call(key);
    expect(added).toHaveLength(2); // no room for c
    for (let i = 0; i < 40; i++) call('b');
    call('c');
    expect([added.length, removed]).toEqual([3, [added[0]]]);
    expect(backend.disposed).toHaveLength(0); // the other two hold the same numbers
    for (let i = 0; i < 40; i++) for (const key of ['d', 'e']) call(key);
    expect(removed).toHaveLength(3);
    expect(backend.disposed).toHaveLength(0);
    programs.forget();
    expect(removed.toSorted()).toEqual(added.toSorted());
    expect(backend.disposed).toHaveLength(1);
  });

  it('hold so many numbers at most', () => {
    const added: string[] = [];
    const backend = fakeBackend();
    const addon: ProgramsAddon = { add: (name) => added.push(name), remove: () => {} };
    const programs = new Programs(backend as unknown as NativeBackend, addon, 100, 150);
    const ofKeys = ['a', 'b', 'c', 'd'].map((key) => [key, new Float32Array(100)] as const);
    for (let i = 0; i < 3; i++) {
      for (const [key, values] of ofKeys) {
        const compose = () => backend.executeMultipleOutputs('Add', [], [{ dataId: backend.write(values, [100]) }], 1);
        programs.run({ inputs: [], attrs: { key, compose }, backend } as never);
      }
    }
    expect(added).toHaveLength(2);
    programs.forget();
    expect(backend.disposed).toHaveLength(2);
  });
});

function fakeBackend() {
  const data = new Map<object, object>();
  const disposed: object[] = [];
  const make = (values: unknown, shape: number[]) => {
    const dataId = {};
    data.set(dataId, { shape, dtype: 1, values });
    return dataId;
  };
  return {
    disposed,
    tensorMap: data,
    write: make,
    disposeData: (dataId: object) => disposed.push(dataId) > 0,
    executeSingleOutput: () => ({ dataId: make(null, []) }),
    executeMultipleOutputs: (_: string, __: unknown, ___: unknown, count: number) =>
      Array.from({ length: count }, () => ({ dataId: make(null, []) })),
  };
}
