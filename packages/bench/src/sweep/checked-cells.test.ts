import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plugins as clip } from '@promptweave/backbone-clip';
import {
  createContainer,
  disposeBackbones,
  parseConfiguration,
  Registry,
  sourceFromValue,
  TOKENS,
  type Configuration,
} from '@promptweave/core/experiment';
import { createDataPipeline, plugins as datasets } from '@promptweave/datasets';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { methodPlugins } from '../method-plugins.test.support.js';
import { plugins as protocols } from '../protocols/plugins.js';
import { estimateCells, type EstimateOptions } from './estimate-cells.js';
import { impossibleError } from './impossible-cells.js';
import { planSweep, type PlannedCell } from './plan.js';
import { describeChoice } from './short-text.js';

const registry = new Registry(
  [...clip, ...datasets, ...methodPlugins, ...protocols].map((plugin) => ({ plugin, module: 'test', version: '1' })),
);
const pipeline = createDataPipeline();
const container = createContainer(pipeline);
let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'checked-cells-'));
  vi.stubEnv('PROMPTWEAVE_CACHE', join(folder, 'cache'));
  const long = Array.from({ length: 7 }, (_, i) => `a ${i}`).join(' ');
  for (const name of ['cat', long]) {
    mkdirSync(join(folder, 'photos', name), { recursive: true });
    const image = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#123' } })
      .png()
      .toBuffer();
    for (const file of ['a', 'b', 'c', 'd']) writeFileSync(join(folder, 'photos', name, `${file}.png`), image);
  }
});
afterAll(async () => {
  await disposeBackbones(container);
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const look = async (planned: readonly PlannedCell[], options: EstimateOptions = {}) => {
  const cells = planned.map((cell) => ({ ...cell, cell: describeChoice(cell) }));
  return estimateCells(cells, { container, registry, pipeline }, folder, { times: false, ...options });
};
const check = async (configuration: Configuration, options?: EstimateOptions) => {
  const source = sourceFromValue({ dataset: { use: 'emoji-weather', shots: 4, size: 48 }, ...configuration });
  return look(await planSweep({ source, registry, folder }), options);
};

it('the examples of docs/sweeps.md run as printed', { timeout: 120_000 }, async () => {
  const text = readFileSync(new URL('../../../../docs/sweeps.md', import.meta.url), 'utf8');
  const examples = [...text.matchAll(/```yaml\n([^]*?)```/g)].map(([, yaml]) => yaml!);
  expect(examples).toHaveLength(4);
  const counts: number[] = [];
  for (const yaml of examples) {
    const notes: string[] = [];
    const source = parseConfiguration(yaml, 'docs/sweeps.md');
    const planned = await planSweep({ source, registry, folder, onNote: (note) => notes.push(note) });
    counts.push(planned.length);
    expect(await look(planned)).toMatchObject({ impossible: [], problems: [] });
    expect(notes.filter((note) => !note.includes('train.batch'))).toEqual([]); // whether a point is 8 is chance
  }
  expect(counts[0]).toBe(28); // 5 prompts with depths × 2 × 3 seeds, less 2
});

it(
  'finds depths, context lengths and tokens that cannot be, and the change that mends most',
  { timeout: 60_000 },
  async () => {
    const { impossible, mending } = await check({
      grid: {
        'prompt.use': ['coop', 'maple'],
        'prompt.depth': { values: [3, 9], when: { 'prompt.use': 'maple' } },
        'prompt.contextLength': [2, 6],
        seed: [1, 2],
      },
    });
    const reasons = impossible.map(({ cell, message }) => `${cell}: ${message}`);
    expect(reasons).toHaveLength(8);
    expect(reasons[0]).toContain(
      'prompt.use=coop, prompt.contextLength=6, seed=1: "a photo of a" has 4 tokens, fewer than the 6',
    );
    expect(reasons.filter((reason) => reason.includes('depth of 9 needs 9 blocks'))).toHaveLength(4);
    // With 4 vectors, CoOp's and the shallow MaPLe's cells work; of the deep ones, those with 2 vectors need another depth alone.
    expect(mending).toEqual({ change: 'prompt.contextLength=4', mends: 4, tried: true });
    const { message, remedy } = impossibleError(impossible, 12, mending);
    expect(message).toMatch(/^8 of 12 cells cannot work:\n {2}4 cells: "a photo of a" has 4/);
    expect(message).toMatch(/The one change that mends most: prompt\.contextLength=4 \(4 of 8\)\.$/);
    expect(remedy).toContain('--skip-impossible');
  },
);

it('counts the tokens of every class name, with the context, on every set', { timeout: 60_000 }, async () => {
  const photos = { use: 'folder', path: join(folder, 'photos') };
  const grid = { 'prompt.contextLength': [4, 12], seed: [1] };
  const own = await check({ dataset: photos, prompt: { use: 'coop', contextInit: '' }, grid });
  expect(own.impossible.map(({ cell, message }) => `${cell}: ${message}`)).toEqual([
    expect.stringMatching(
      /^prompt\.contextLength=12, seed=1: The prompt of "a 0 .* tokens, but the text tower takes 24/,
    ),
  ]);
  expect(own.mending).toMatchObject({ mends: 1 });
  // The names of the data set that it is tested on, and never sees in training.
  const protocol = { use: 'cross-dataset', targets: [photos] };
  const other = await check({ protocol, prompt: { use: 'coop', contextInit: '' }, grid });
  expect(other.impossible.map(({ cell }) => cell)).toEqual(['prompt.contextLength=12, seed=1']);
});

it('looks for data and memory here, but not for what another machine has', { timeout: 60_000 }, async () => {
  const grid = { seed: [1, 2] };
  const absent = { dataset: { use: 'folder', path: join(folder, 'nowhere') }, grid };
  expect((await check(absent)).impossible).toHaveLength(2);
  const elsewhere = await check(absent, { elsewhere: true });
  expect(elsewhere.impossible).toEqual([]);
  expect(elsewhere.problems).toHaveLength(1);
  container.register(TOKENS.availableBytes, { useValue: () => Promise.resolve(2 ** 20) });
  const small = await check({ prompt: 'coop', grid });
  expect(small.impossible.map(({ message }) => message)).toEqual(Array(2).fill(expect.stringContaining('of memory')));
  expect((await check({ prompt: 'coop', grid }, { elsewhere: true })).impossible).toEqual([]);
});
