import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, test, vi } from 'vitest';
import { selectBackend } from './select-backend.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each(['wasm', 'cpu'] as const)('%s is set on the caller’s tfjs-core, with gradients', async (name) => {
  const choice = await selectBackend(name, { tfjsCore: tf });
  expect(choice).toMatchObject({ name, why: 'It was asked for.' });
  expect(tf.getBackend()).toBe(name);
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  // d/dx Σ x² = 2x
  expect(
    Array.from(
      await tf
        .grad((x) => tf.sum(tf.mul(x, x)))(x)
        .data(),
    ),
  ).toEqual([2, 4, 6, 8]);
});

test('an unknown backend is refused with the names there are', async () => {
  await expect(selectBackend('webgl' as 'cpu')).rejects.toMatchObject({
    name: 'BackendError',
    message: 'There is no backend of the name "webgl".',
    remedy: 'Choose one of auto, tensorflow, wasm, cpu.',
  });
});

const manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/package.json');
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };

test('another copy of tfjs-core is refused with both versions', async () => {
  const copy = { ...tf, version_core: '4.0.0', Tensor: class {} } as unknown as typeof tf;
  await expect(selectBackend('cpu', { tfjsCore: copy })).rejects.toMatchObject({
    name: 'BackendError',
    message: `There are two copies of @tensorflow/tfjs-core: ${version} in ${dirname(manifest)}, which @promptweave/runtime uses, and 4.0.0, which the caller uses.`,
    remedy: expect.stringContaining(`Depend on @tensorflow/tfjs-core ${version}`) as string,
  });
});
