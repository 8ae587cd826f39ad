import { plugins as clip } from '@promptweave/backbone-clip';
import { Registry, resolveConfiguration } from '@promptweave/core/experiment';
import { plugins as datasets } from '@promptweave/datasets';
import { describe, expect, it } from 'vitest';
import { methodPlugins } from './method-plugins.test.support.js';
import { plugins as protocols } from './protocols/index.js';

const registry = new Registry(
  [...clip, ...datasets, ...protocols, ...methodPlugins].map((plugin) => ({ plugin, module: plugin.name })),
);

describe.each(registry.presets())('$name', ({ name, configuration: { byDataset = {} } }) => {
  it.each(['imagenet', ...Object.keys(byDataset)])('is a whole configuration of %s', (use) => {
    expect(registry.names('dataset')).toContain(use);
    const resolved = resolveConfiguration({ preset: name, dataset: { use, root: 'data' } }, { registry });
    const { prompt = {}, train = {} } = (byDataset[use] ?? {}) as Readonly<Record<'prompt' | 'train', object>>;
    expect(resolved.prompt).toMatchObject(prompt);
    expect(resolved.train).toMatchObject(train);
  });
});
