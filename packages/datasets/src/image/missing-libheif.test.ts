import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetError, PromptweaveError, type ImageItem } from '@promptweave/core';
import { afterAll, expect, it, vi } from 'vitest';

// The process that decodes inherits this: in it, libheif-js is not installed. Modules of their own have such a process of their own.
const folder = mkdtempSync(join(tmpdir(), 'no-libheif-'));
const hook = join(folder, 'hook.cjs');
writeFileSync(
  hook,
  `const Module = require('node:module');
const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (name.startsWith('libheif-js')) name = 'libheif-js-that-is-not-there';
  return resolve.call(this, name, ...rest);
};`,
);
vi.stubEnv('NODE_OPTIONS', `--require ${hook}`);
vi.resetModules();
const { createDataset } = await import('../create-dataset.js');
const { findUnreadable } = await import('../find-unreadable.js');
const { createDataPipeline } = await import('../pipeline/data-pipeline.js');
const { decodeImage } = await import('./decode.js');
afterAll(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
  rmSync(folder, { recursive: true });
});

const photo = await readFile(new URL('../../fixtures/formats/phone.heic', import.meta.url));
const item: ImageItem = { id: 'phone.heic', label: 0, load: () => Promise.resolve(photo) };

const failure = (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined).catch((error) => error);

it('a photo in HEIC without libheif-js is no unreadable image: the error says what to install', async () => {
  const error = await failure(decodeImage(photo, 'custom', 'phone.heic'));
  expect(error).toBeInstanceOf(PromptweaveError);
  expect(error).not.toBeInstanceOf(DatasetError);
  expect(error).toMatchObject({
    message: 'Photos in HEIC are decoded by the package libheif-js, which is not installed.',
    where: 'phone.heic',
    remedy: expect.stringContaining('npm install libheif-js') as string,
    exitCode: 4,
  });
});

it('it is not skipped as a bad image', async () => {
  const pipeline = createDataPipeline();
  const geometry = { resize: 'shortest', interpolation: 'bicubic', size: 8 } as const;
  const preprocessing = { ...geometry, mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const flags = { policy: 'custom', augment: false, shuffle: false, dropLast: false, onBadImage: 'skip' } as const;
  const pass = pipeline.batches({ items: [item], batchSize: 1, preprocessing, seed: 1, epoch: 0, ...flags });
  expect(await failure(pass[Symbol.asyncIterator]().next())).toMatchObject({ message: /libheif-js/ as never });
});

it('a check of a data set ends with it instead of calling every photo unreadable', async () => {
  const parts = { name: 'x', classNames: ['a'], template: '{}', imagePolicy: 'custom', val: [], test: [] } as const;
  const error = await failure(findUnreadable(createDataset({ ...parts, train: [item, item] })));
  expect(String(error)).toContain('libheif-js, which is not installed');
});
