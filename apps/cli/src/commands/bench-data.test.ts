import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchmarkConfiguration, benchmarkDefaults } from '@promptweave/bench';
import { PromptweaveError } from '@promptweave/core';
import { loadRegistry } from '@promptweave/core/experiment';
import { benchmarkTree, writeTree } from '@promptweave/datasets/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkData } from './bench-data.js';

let data = '';
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'bench-data-'));
  mkdirSync(data, { recursive: true });
  await writeTree(data, await benchmarkTree());
  rmSync(join(data, 'imagenet'), { recursive: true });
  rmSync(join(data, 'dtd'), { recursive: true });
});
afterAll(() => rmSync(data, { recursive: true }));

it.each(['cross-dataset', 'few-shot'])('what it says to run instead, runs: %s', async (protocol) => {
  const registry = await loadRegistry(undefined, import.meta.url);
  const check = async (
    words: Partial<Parameters<typeof benchmarkConfiguration>[0]>,
  ): Promise<PromptweaveError | undefined> => {
    const request = {
      protocol,
      ...benchmarkDefaults(protocol, registry),
      seeds: [1],
      data,
      checkpoint: 'icons',
      ...words,
    };
    const error: unknown = await checkData(benchmarkConfiguration(request, registry), registry, data).catch(
      (e: unknown) => e,
    );
    expect(error === undefined || error instanceof PromptweaveError, String(error)).toBe(true);
    return error as PromptweaveError | undefined;
  };
  const refused = await check({});
  expect(refused!.message).toContain('imagenet: there is no imagenet/');
  const listAfter = (flag: string) => new RegExp(`--${flag} ([\\w,]+)`).exec(refused!.remedy!)?.[1]!.split(',');
  const [datasets, targets] = [listAfter('datasets'), listAfter('targets')];
  expect(await check({ datasets: datasets!, ...(targets && { targets }) })).toBeUndefined();
});
