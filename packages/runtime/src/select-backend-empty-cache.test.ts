import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import { useEmptyCache } from './testing-cache.fixture.js';

const cache = useEmptyCache();
// The setup of all tests may have loaded the native backend already; fresh modules know of none.
vi.resetModules();
const { selectBackend } = await import('./select-backend.js');

test('the native backend, not installed, is an error that names the command that installs it', async () => {
  await expect(selectBackend('tensorflow')).rejects.toMatchObject({
    name: 'BackendError',
    exitCode: 5,
    message: 'The native TensorFlow backend is not installed.',
    remedy: 'Run `npx promptweave runtime install`.',
  });
});

test('auto goes on with wasm, says why and what to do', async () => {
  expect(await selectBackend('auto')).toEqual({
    name: 'wasm',
    why: 'The native TensorFlow backend is not installed. WebAssembly is the next best.',
    remedy: 'Run `npx promptweave runtime install`.',
  });
  expect(tf.getBackend()).toBe('wasm');
});

test('an installation that is not whole is not used, and named', async () => {
  const folder = join(cache(), 'runtime', '2.21.0-cpu-linux-x64');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'installation.json'), '{"format": 1, "tenso');
  const failure = await selectBackend('tensorflow').catch((error: unknown) => error);
  expect(String(failure)).toContain('2.21.0-cpu-linux-x64: its installation.json cannot be read');
});
