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

it.each([
  ['coop/few-shot', 'dtd', [50, 100, 100, 200, 200]],
  ['coop/few-shot', 'imagenet', [50, 50, 50, 50, 50]],
  ['prograd/few-shot', 'dtd', [50, 100, 100, 200, 200]],
  ['taskres/few-shot', 'dtd', [100, 100, 100, 200, 200]],
])('%s of %s has as many epochs as its authors take with 1, 2, 4, 8 and 16 shots', (preset, use, epochs) => {
  const found = [1, 2, 4, 8, 16].map((shots) => {
    const dataset = { use, root: 'data', shots };
    return resolveConfiguration({ preset, dataset }, { registry }).train.epochs;
  });
  expect(found).toEqual(epochs);
});

it('takes the softer rule of ProGrad with 8 and 16 shots of the data sets for which the authors have it', () => {
  const strengths = (use: string, preset = 'prograd/few-shot') =>
    [1, 4, 8, 16].map((shots) => {
      const dataset = { use, root: 'data', shots };
      return resolveConfiguration({ preset, dataset }, { registry }).gradients['strength'];
    });
  expect(strengths('eurosat')).toEqual([1, 1, 0.8, 0.8]);
  expect(strengths('food101')).toEqual([1, 1, 1, 1]);
  expect(strengths('eurosat', 'prograd/few-shot-uniform')).toEqual([1, 1, 1, 1]);
});

it.each([
  [
    { prompt: 'coop', head: 'mmrl' },
    'The head "mmrl" reads the final states of vision prompts, and prompt=coop has none.',
  ],
  [{ head: 'mmrl' }, 'The head "mmrl" reads the final states of vision prompts, and prompt=none has none.'],
  [
    { prompt: 'tcp', losses: ['cross-entropy', 'mmrl/image'] },
    'neither prompt=tcp nor tuning=none learns on the image side',
  ],
  [{ prompt: 'tcp', head: 'linear-probe' }, 'what prompt=tcp learns there would have no effect'],
  [{ prompt: 'mmrl', head: 'tip-adapter' }, 'prompt=mmrl moves image features while it learns'],
  [{ prompt: { use: 'tcp', teacher: 'a photo' } }, 'prompt.teacher: expected exactly one {}'],
])('%j is refused', (choice, message) => {
  const dataset = { use: 'imagenet', root: 'data' };
  const refused = () => resolveConfiguration({ dataset, ...choice }, { registry });
  expect(refused).toThrow(new RegExp(message.replace(/[{}().]/g, '\\$&'), 'i'));
});
