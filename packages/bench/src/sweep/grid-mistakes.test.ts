import { ConfigError } from '@promptweave/core';
import { Registry, sourceFromValue, type Configuration } from '@promptweave/core/experiment';
import { describe, expect, it } from 'vitest';
import { tinyConfiguration, tinyRegistry } from '../tiny.test.support.js';
import { planSweep, type PlanRequest } from './plan.js';
import { describeChoice } from './short-text.js';

const plan = (configuration: Configuration, more: Partial<PlanRequest> = {}) => {
  const source = sourceFromValue({ ...tinyConfiguration, ...configuration });
  return planSweep({ source, registry: tinyRegistry(), folder: '.', ...more });
};
const list = [
  { name: 'A', prompt: 'none' },
  { name: 'B', prompt: 'context' },
];

describe('a path that exists nowhere', () => {
  const seed = [1, 2];
  it.each<[string, Record<string, unknown>]>([
    ['grid.except.0.promt.use', { seed, except: [{ 'promt.use': 'none' }] }],
    ['grid.first.0.prompt.us', { seed, first: [{ 'prompt.us': 'none' }] }],
    ['grid.seed.when.prmpt', { seed: { values: seed, when: { prmpt: 'none' } } }],
    ['grid.zip.train.epoch', { zip: { 'train.epoch': [1, 2] } }],
    ['grid.sample.ranges.train.rate', { sample: { count: 2, ranges: { 'train.rate': { from: 0.1, to: 0.2 } } } }],
    ['grid.list.0.promt', { list: [{ promt: 'none' }] }],
    ['grid.prompt.dept', { 'prompt.dept': [1] }],
    ['grid.name', { name: ['A'] }],
    ['grid.losses.0.wight', { 'losses.0.wight': [1] }],
  ])('is an error: %s', async (path, grid) => {
    const planned = plan({ grid });
    await expect(planned).rejects.toThrow(ConfigError);
    await expect(planned).rejects.toThrow(`${path}: there is no option`);
  });

  it('is an error of --only, too, with the nearest path', async () => {
    await expect(plan({ grid: { seed } }, { only: { 'promt.use': 'none' } })).rejects.toThrow(
      '--only: there is no option promt.use. Did you mean `prompt.use`?',
    );
  });
});

describe('conditions', () => {
  it('know the names of the list', async () => {
    const cells = await plan({
      grid: { list, seed: [1, 2], except: [{ name: 'A', seed: 2 }], first: [{ name: 'B' }] },
    });
    expect(cells.map((cell) => [describeChoice(cell), cell.priority])).toEqual([
      ['A, seed=1', 1],
      ['B, seed=1', 0],
      ['B, seed=2', 0],
    ]);
    const only = await plan({ grid: { list, seed: [1, 2] } }, { only: { name: 'B' } });
    expect(only.map(({ name }) => name)).toEqual(['B', 'B']);
    const varied = await plan({ grid: { list, seed: { values: [1, 2], when: { name: 'B' } } } });
    expect(varied).toHaveLength(3);
  });

  it('know the defaults, as well as null for what nobody says', async () => {
    const grid = { 'labels.use': ['frozen', 'trained'], seed: [1, 2] };
    const { grid: _, ...base } = { ...tinyConfiguration, grid };
    expect(base).not.toHaveProperty('head');
    expect(await plan({ grid: { ...grid, except: [{ 'labels.use': 'trained', 'head.use': 'cosine' }] } })).toHaveLength(
      2,
    );
    expect(await plan({ grid: { ...grid, except: [{ 'labels.use': 'trained', 'head.use': null }] } })).toHaveLength(2);
    expect(await plan({ grid: { seed: [1, 2], except: [{ 'labels.use': 'frozen', seed: 2 }] } })).toHaveLength(1);
    expect(await plan({ grid: { seed: [1, 2] } }, { only: { 'prompt.use': 'none', seed: 2 } })).toHaveLength(1);
  });

  it('take no default for what a preset or the command line says', async () => {
    const registry = new Registry(
      tinyRegistry()
        .entries.filter(({ module }) => module === 'tiny')
        .map((entry) => {
          const { kind, name } = entry.plugin;
          if (kind !== 'prompt' || name !== 'context') return entry;
          return { ...entry, plugin: { ...entry.plugin, presets: { paper: { prompt: 'context' } } } };
        }),
    );
    const except = [{ 'prompt.use': 'none', 'head.use': null, seed: [2, 3] }];
    const list = [
      { name: 'clip', prompt: 'none' },
      { name: 'ours', preset: 'context/paper' },
    ];
    const cells = await plan({ grid: { list, seed: [1, 2, 3], except } }, { registry });
    expect(cells.map(describeChoice)).toEqual(['clip, seed=1', 'ours, seed=1', 'ours, seed=2', 'ours, seed=3']);
    const seeds = { grid: { seed: [1, 2, 3], except } };
    expect(await plan({ prompt: 'none', ...seeds })).toHaveLength(1);
    expect(await plan({ prompt: 'none', ...seeds }, { overrides: ['prompt=context'] })).toHaveLength(3);
    expect(await plan({ prompt: 'context', ...seeds }, { overrides: ['prompt.use=none'] })).toHaveLength(1);
  });

  it('that no cell has are told', async () => {
    const notes: string[] = [];
    await plan({ grid: { list, except: [{ name: 'C' }] } }, { onNote: (note) => notes.push(note) });
    expect(notes).toEqual(['grid.except: no cell has {"name":"C"}.']);
    await expect(plan({ grid: { list } }, { only: { name: 'C' } })).rejects.toThrow('has no cell');
  });
});

describe('two sections that set one option', () => {
  it.each<[string, string, Record<string, unknown>]>([
    ['an axis and the list', 'prompt.use', { list, 'prompt.use': ['none'] }],
    ['an axis and a whole part', 'prompt.use', { prompt: ['none'], 'prompt.use': ['context'] }],
    ['zip and the list', 'seed', { list: [{ seed: 1 }], zip: { seed: [1, 2] } }],
    [
      'the sample and an axis',
      'train.epochs',
      { 'train.epochs': [1], sample: { count: 2, ranges: { 'train.epochs': { from: 1, to: 3, whole: true } } } },
    ],
    ['one entry twice', 'dataset.noise', { list: [{ dataset: { use: 'tiny', noise: 1 }, 'dataset.noise': 2 }] }],
  ])('are refused: %s', async (_, path, grid) => {
    await expect(plan({ grid })).rejects.toThrow(`${path} is set by`);
  });

  it('may do so in different cells', async () => {
    const noise = { values: [2, 3], when: { name: 'A' } };
    const own = [{ name: 'A' }, { name: 'B', dataset: { use: 'tiny', noise: 1 } }];
    const cells = await plan({ grid: { list: own, 'dataset.noise': noise } });
    expect(cells.map(({ configuration }) => configuration.dataset['noise'])).toEqual([2, 3, 1]);
  });
});

describe('options of a part whose place another takes', () => {
  const tiny = tinyRegistry();
  const entries = tiny.entries.filter(({ module }) => module === 'tiny');
  const dataset = entries.find(({ plugin }) => plugin.kind === 'dataset')!;
  const twin = { ...dataset, plugin: { ...dataset.plugin, name: 'twin' } } as typeof dataset;
  const registry = new Registry([...entries, twin]);

  it.each<[string, Record<string, unknown>]>([
    ['an axis of names', { 'dataset.use': ['tiny', 'twin'] }],
    ['an axis of parts', { dataset: ['tiny', { use: 'twin' }] }],
    ['a list', { list: [{ dataset: 'tiny' }, { 'dataset.use': 'twin' }] }],
  ])('hold for the other, too, on %s', async (_, grid) => {
    const cells = await plan({ dataset: { use: 'tiny', noise: 3, shots: 2 }, grid }, { registry });
    expect(
      cells.map(
        ({
          configuration: {
            dataset: { use, shots, noise },
          },
        }) => [use, shots, noise],
      ),
    ).toEqual([
      ['tiny', 2, 3],
      ['twin', 2, 3],
    ]);
  });

  it('give way to what the cell says itself', async () => {
    const grid = { dataset: ['tiny', { use: 'twin', noise: 5 }] };
    const cells = await plan({ dataset: { use: 'tiny', noise: 3 }, grid }, { registry });
    expect(cells.map(({ configuration }) => configuration.dataset['noise'])).toEqual([3, 5]);
  });

  it('stay with it where the other has no such option, and that is told', async () => {
    const notes: string[] = [];
    const grid = { 'labels.use': ['frozen', 'trained'] };
    const cells = await plan({ labels: { use: 'frozen', maxTokens: 3 }, grid }, { onNote: (note) => notes.push(note) });
    expect(cells.map(({ configuration }) => configuration.labels['maxTokens'])).toEqual([3, undefined]);
    expect(notes).toEqual(['labels.maxTokens is no option of trained: it does not hold there.']);
  });
});

it('tells of cells that cannot be, and leaves them out, where that is wanted', async () => {
  const found: string[] = [];
  const grid = { 'prompt.use': ['none', 'contxt'], seed: [1, 2] };
  const cells = await plan({ grid }, { onImpossible: ({ cell, message }) => found.push(`${cell}: ${message}`) });
  expect(cells).toHaveLength(2);
  expect(found).toEqual([
    expect.stringMatching(/^prompt.use=contxt, seed=1: .*there is no prompt learner called "contxt"/),
    expect.stringMatching(/^prompt.use=contxt, seed=2: /),
  ]);
  await expect(plan({ grid: { 'prompt.use': ['contxt'] } }, { onImpossible: () => undefined })).rejects.toThrow(
    'contxt',
  );
});
