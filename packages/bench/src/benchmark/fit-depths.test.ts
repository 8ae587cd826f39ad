import { plugins as clip } from '@promptweave/backbone-clip';
import { Registry, resolveConfiguration } from '@promptweave/core/experiment';
import { plugins as datasets } from '@promptweave/datasets';
import { expect, it } from 'vitest';
import { methodPlugins } from '../method-plugins.test.support.js';
import { plugins as protocols } from '../protocols/plugins.js';
import { benchmarkConfiguration } from './benchmark-configuration.js';
import { fitDepths } from './fit-depths.js';

const registry = new Registry(
  [...clip, ...datasets, ...methodPlugins, ...protocols].map((plugin) => ({ plugin, module: 'test', version: '1' })),
);
const request = { protocol: 'few-shot', datasets: ['emoji-weather'], shots: [1], seeds: [1], checkpoint: 'icons' };
const bench = (methods: string[], set: string[] = [], overrides: string[] = []) =>
  fitDepths(benchmarkConfiguration({ ...request, methods, set }, registry), registry, '.', overrides);

it('takes blocks at the same share of towers that have fewer', async () => {
  const { configuration, notes } = await bench(['coop', 'maple', 'promptsrc', 'mma', 'tcp', 'mmrl']);
  const [coop, maple, promptsrc, mma, tcp, mmrl] = configuration.grid.list;
  expect(coop).toEqual({ name: 'coop', preset: expect.any(String) });
  expect(maple).toMatchObject({ 'prompt.depth': 5 }); // 9 of 12, in 6 blocks
  expect(promptsrc).toMatchObject({ 'prompt.depth': 5, 'prompt.visionDepth': 5 });
  expect(mma).toMatchObject({ 'tuning.start': 3, 'tuning.end': 6 });
  expect(tcp).toMatchObject({ 'prompt.classBlock': 4 });
  expect(mmrl).toMatchObject({ 'prompt.first': 3, 'prompt.last': 6 });
  expect(notes[0]).toBe('maple: prompt.depth=5, for the towers have 6 blocks (9 of 12 in its preset).');
});

it('keeps what the user sets, for one method or for all', async () => {
  const own = await bench(['maple', 'comma'], ['comma:prompt.depth=3', 'comma:train.epochs=2']);
  expect(own.configuration.grid.list.map((entry) => entry['prompt.depth'])).toEqual([5, 3]);
  expect(own.configuration.grid.list[1]).toMatchObject({ 'train.epochs': 2 });
  const all = await bench(['maple'], [], ['prompt.depth=2']);
  expect(all.configuration.grid.list[0]).not.toHaveProperty('prompt.depth');
  const { grid, ...base } = own.configuration;
  const overrides = Object.entries({ dataset: grid.dataset[0], ...grid.list[1] }).filter(([path]) => path !== 'name');
  const texts = overrides.map(([path, value]) => `${path}=${JSON.stringify(value)}`);
  expect(resolveConfiguration(base, { registry, overrides: texts }).prompt).toMatchObject({ use: 'comma', depth: 3 });
});

it.each([
  ['coma:prompt.depth=3', 'Did you mean `comma`'],
  ['prompt.depth=3', 'expected METHOD:path=value'],
  ['comma:prompt.use=coop', 'is what the benchmark itself says'],
  ['comma:seed=3', 'is what the benchmark itself says'],
])('refuses --set %s', async (set, message) => {
  await expect(async () => bench(['comma'], [set])).rejects.toThrow(message);
});
