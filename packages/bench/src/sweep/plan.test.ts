import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePlugin, type PartialConfiguration } from '@promptweave/core';
import { parseConfiguration, Registry, sourceFromValue, type Configuration } from '@promptweave/core/experiment';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { tinyConfiguration, tinyRegistry } from '../tiny.test.support.js';
import { planSweep } from './plan.js';

const plan = (configuration: Configuration, overrides: readonly string[], only?: Record<string, unknown>) => {
  const source = sourceFromValue({ ...tinyConfiguration, ...configuration });
  return planSweep({ source, registry: tinyRegistry(), folder: '.', overrides, only });
};

const list = [{ prompt: 'none' }, { prompt: 'context', 'train.epochs': 5, 'train.learningRate': 0.2 }];

describe('an override', () => {
  it('holds for every cell', async () => {
    const cells = await plan({ grid: { list, seed: [1, 2] } }, ['grid.seed=[3]', 'train.steps=4', 'dataset.noise=2']);
    expect(cells.map(({ configuration: { seed, train, dataset } }) => [seed, train.steps, dataset['noise']])).toEqual([
      [3, 4, 2],
      [3, 4, 2],
    ]);
    const same = await plan({ grid: { list } }, ['train.epochs=5']); // what the list says, too
    expect(same.map(({ configuration }) => configuration.train.epochs)).toEqual([5, 5]);
    const noisy = await plan({ grid: { list: [{ dataset: { use: 'tiny', noise: 2 } }] } }, ['dataset.noise=3']);
    expect(noisy[0]!.configuration.dataset['noise']).toBe(3);
  });

  const rates = { 'train.learningRate': { from: 0.1, to: 0.2 } };
  it.each<[string, Record<string, unknown>, string]>([
    ['list', { list }, 'train.epochs=4'],
    ['list, of a whole section', { list }, 'train={epochs: 4}'],
    ['list, of a whole part', { list: [{ dataset: { use: 'tiny', noise: 2 } }] }, 'dataset={use: tiny, noise: 3}'],
    ['zip', { zip: { 'train.epochs': [1, 2], seed: [1, 2] } }, 'train.epochs=4'],
    ['sample', { sample: { count: 2, ranges: rates } }, 'train.learningRate=1'],
    ['axis of the whole part', { prompt: ['none', { use: 'context' }] }, 'prompt.use=none'],
    ['axis of the whole list', { losses: [['cross-entropy']] }, 'losses.0.weight=2'],
  ])('is refused where the grid chooses another value by its %s', async (_, grid, override) => {
    const planned = plan({ losses: ['cross-entropy'], grid }, [override]);
    await expect(planned).rejects.toThrow(`override "${override}": the grid itself chooses another value (cell `);
  });
});

it('counts the content of the files that its parts read, and not their names alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plan-'));
  const file = join(folder, 'words.yaml');
  const ids = async (head: PartialConfiguration = { use: 'cosine', descriptions: 'words.yaml' }) => {
    const source = sourceFromValue({ ...tinyConfiguration, head, grid: { seed: [1, 2] } } as Configuration);
    return (await planSweep({ source, registry: tinyRegistry(), folder })).map(({ id }) => id);
  };
  await expect(ids()).rejects.toThrow(/cannot be read.*words\.yaml/);
  writeFileSync(file, 'ant: [an insect]\n');
  const first = await ids();
  expect(await ids()).toEqual(first);
  writeFileSync(file, 'ant: [a small insect]\n');
  const second = await ids();
  expect(new Set([...first, ...second]).size).toBe(4);
  const written = { use: 'cosine', descriptions: { ant: ['an insect'] } };
  expect(await ids(written)).not.toEqual(first);
  rmSync(folder, { recursive: true });
});

it('takes the cells with a list as their value', async () => {
  const losses = [['cross-entropy'], [{ use: 'cross-entropy', weight: 2 }]];
  const cells = await plan({ grid: { losses } }, [], { losses: losses[1] });
  expect(cells.map(({ values }) => values)).toEqual([{ losses: losses[1] }]);
});

it('keeps apart what is apart as text', async () => {
  const photos = definePlugin({
    kind: 'dataset',
    name: 'photos',
    description: 'Photos.',
    options: z.strictObject({ path: z.string() }),
    create: () => Promise.reject(new Error('not made')),
  });
  const tiny = tinyRegistry().entries.filter(({ module }) => module === 'tiny');
  const registry = new Registry([...tiny, { plugin: photos, module: 'photos', version: '1' }]);
  const text = 'dataset: { use: photos, path: x }\nbackbone: tiny\ngrid: { dataset.path: [7, 007, 1e3] }';
  const cells = await planSweep({ source: parseConfiguration(text, 'c.yaml'), registry, folder: '.' });
  expect(cells.map(({ values }) => values['dataset.path'])).toEqual(['7', '007', '1e3']);
  expect(cells.map(({ configuration }) => configuration.dataset['path'])).toEqual(['7', '007', '1e3']);
});
