import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError } from '../errors.js';
import { definePlugin } from '../plugin/define-plugin.js';
import { Registry } from '../plugin/registry.js';
import type { ResolvedConfiguration } from './configuration.js';
import { contentFile } from './content-file.js';
import { contentsOf } from './content-files.js';

const folder = mkdtempSync(join(tmpdir(), 'contents-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'a.yaml'), 'a: [b]\n');
writeFileSync(join(folder, 'b.yaml'), 'a: [c]\n');

const loss = definePlugin({
  kind: 'loss',
  name: 'words',
  description: 'Of a file.',
  options: z
    .strictObject({
      deep: z.strictObject({ file: contentFile().default('b.yaml').describe('A file.') }).prefault({}),
      maybe: contentFile().nullable().optional(),
      name: z.string().optional(),
    })
    .refine(() => true),
  create: () => {
    throw new Error('not made');
  },
});
const registry = new Registry([loss].map((plugin) => ({ plugin, module: 'test', version: '1' })));
const part = { use: 'none' };
const resolved = (head: object, losses: readonly object[] = []): ResolvedConfiguration =>
  ({
    ...{ backbone: part, dataset: part, prompt: part, labels: part, tuning: part, gradients: part, protocol: part },
    ...{ head: { use: 'cosine', ...head }, losses },
  }) as unknown as ResolvedConfiguration;

// printf 'a: [b]\n' | sha256sum, and of 'a: [c]\n'
const [A, B] = [
  'cce1bcaecfaee5222af267059234c955966de11e6933c6a5e2873df061587d01',
  'fc3248763c28d36e5927d81640435f91edb430b514bc326970f0dac9b72a7df5',
];

it('has the digests of the files that options name, by these options', () => {
  const losses = [
    { use: 'cross-entropy', weight: 1 },
    { use: 'words', weight: 1, deep: { file: 'b.yaml' }, maybe: join(folder, 'a.yaml'), name: 'b.yaml' },
  ];
  expect(contentsOf(resolved({ descriptions: 'a.yaml' }, losses), registry, folder)).toEqual({
    'head.descriptions': A,
    'losses.1.deep.file': B,
    'losses.1.maybe': A,
  });
});

it('has none where the words stand in the configuration, or nothing is named', () => {
  expect(contentsOf(resolved({}), registry, folder)).toEqual({});
  expect(contentsOf(resolved({ descriptions: { a: ['a.yaml'] } }), registry, folder)).toEqual({});
});

it('names the option of a file that is not there', () => {
  const read = () => contentsOf(resolved({ descriptions: 'gone.yaml' }), registry, folder);
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(expect.objectContaining({ where: 'head.descriptions' }) as Error);
});
