import * as tf from '@tensorflow/tfjs-core';
import { describeComputation, selectBackend, type BackendName } from '@promptweave/runtime';
import { afterEach, expect, test, vi } from 'vitest';
import { backendName, chooseBackend, compose } from './compose.js';

const before = tf.getBackend() as BackendName;
afterEach(async () => {
  vi.unstubAllEnvs();
  await selectBackend(before);
});

const runtime = { backend: 'auto', tf32: false, fast: true } as const;

test('auto says which precision it takes, and results, provenance and kept features tell one from the other', async () => {
  const notes: string[] = [];
  const choice = await chooseBackend({ ...runtime, precision: 'auto' }, (note) => notes.push(note));
  const taken = choice.bfloat16 ? `bfloat16 (${choice.bfloat16}).` : `float32: ${choice.notBfloat16}`;
  expect(notes).toContain(`runtime.precision: auto takes ${taken}`);
  const exact = await chooseBackend({ ...runtime, precision: 'float32' }, () => undefined);
  expect(backendName(choice) === backendName(exact)).toBe(choice.bfloat16 === undefined);
  expect(describeComputation(choice) === describeComputation(exact)).toBe(choice.bfloat16 === undefined);
});

test('the plain path leaves auto nothing to choose', async () => {
  const notes: string[] = [];
  const choice = await chooseBackend({ ...runtime, fast: false, precision: 'auto' }, (note) => notes.push(note));
  expect(notes).toContain('runtime.precision: auto takes float32: the plain path computes in nothing else.');
  expect(choice).not.toHaveProperty('bfloat16');
});

test('a run in bfloat16 is used in float32 where there is none, which is said; trained it is not', async () => {
  vi.stubEnv('PROMPTWEAVE_BACKEND', 'cpu');
  const configuration = { dataset: 'emoji-weather', runtime: { precision: 'bfloat16' } } as const;
  await expect(compose({ configuration })).rejects.toMatchObject({
    name: 'BackendError',
    message: 'Products of bfloat16 cannot be computed: the backend cpu has none.',
  });
  const notes: string[] = [];
  const used = await compose({ configuration, used: true, onNote: (note) => notes.push(note) });
  expect(notes).toContain('Computed in float32 and not in bfloat16, as the run was: the backend cpu has none.');
  expect(used.configuration.runtime.precision).toBe('float32');
  await used.close();
});
