import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import { layout } from './install/compile-binding.js';
import { format, listRuntimes } from './install/installation.js';
import { tfjsVersion } from './install/tfjs-node-package.js';
import { fusedOperations } from './native/fused.js';
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

test('an installation whose compiled part is older, or has fewer operations than are called, is not used', async () => {
  const folder = join(cache(), 'runtime', '2.21.0-cpu-linux-x64');
  await mkdir(folder, { recursive: true });
  const files = Object.fromEntries([layout.signals, layout.programs, layout.fused].map((file) => [file, { bytes: 1 }]));
  const machine = `${process.platform}-${process.arch}`;
  const manifest = { format, tensorflow: '2.21.0', variant: 'cpu', machine, tfjs: tfjsVersion, files };
  const problemWith = async (fused?: readonly string[], changed?: object) => {
    await writeFile(join(folder, 'installation.json'), JSON.stringify({ ...manifest, fused, ...changed }));
    return (await listRuntimes())[0]!.problem;
  };
  expect(await problemWith()).toBe('it was made by an older promptweave');
  expect(await problemWith(fusedOperations.slice(1))).toBe('it was made by an older promptweave');
  expect(await problemWith(fusedOperations, { format: format - 1 })).toBe('it was made by an older promptweave');
  expect(await problemWith([...fusedOperations, 'OfTheFuture'])).toContain('is missing'); // its files are looked for
});
