import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { fakeRegistry } from './fake-plugins.test.fixture.js';
import { configurationJsonSchema } from './json-schema.js';
import { resolveConfiguration } from './resolve.js';

const registry = fakeRegistry();
const schema = configurationJsonSchema(registry);
const accepts = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false }).compile(schema);

describe('configurationJsonSchema', () => {
  it('is a 2020-12 schema with a title, descriptions and defaults', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    const train = (schema.properties as Record<string, { properties: Record<string, unknown> }>)['train']!;
    expect(train.properties['learningRate']).toMatchObject({
      type: 'number',
      exclusiveMinimum: 0,
      default: 0.0035,
      description: 'Learning rate after the warm-up.',
    });
  });

  it.each<[string, object]>([
    ['parts by name', { dataset: 'emoji/animals', prompt: 'comma', labels: 'lamm', losses: ['cross-entropy'] }],
    ['parts with options', { dataset: { use: 'folder', path: 'x' }, prompt: { use: 'comma', depth: 3 } }],
    ['a loss with a weight', { dataset: 'emoji/animals', losses: [{ use: 'comma/knowledge', weight: 0.5 }] }],
    ['a preset', { preset: 'comma/base-to-novel', dataset: 'emoji/animals', train: { epochs: 1 } }],
    ['a part whose use the grid says', { prompt: { depth: 3 }, grid: { 'prompt.use': ['comma'] } }],
    [
      'all keys of a grid',
      {
        grid: {
          'prompt.depth': { values: [1, 2], when: { 'prompt.use': 'comma' } },
          list: [{ name: 'A', prompt: 'comma' }],
          zip: { seed: [1, 2] },
          sample: { count: 3, ranges: { 'train.learningRate': { from: 0.001, to: 0.1, scale: 'log' } } },
          except: [{ seed: 1 }],
          first: [{ name: 'A' }],
        },
      },
    ],
    ['a search', { grid: { seed: [1, 2] }, search: { sampler: 'tpe', budget: { cells: 9 } } }],
    ['a search without options', { grid: { seed: [1, 2] }, search: {} }],
    ['a grid', { dataset: 'emoji/animals', grid: { 'prompt.use': ['none', 'comma'], seed: [1, 2, 3] } }],
    ['a resolved configuration', resolveConfiguration({ dataset: 'emoji/animals', prompt: 'comma' }, { registry })],
  ])('accepts %s', (_title, configuration) => {
    accepts(structuredClone(configuration));
    expect(accepts.errors).toBeNull();
  });

  it.each<[string, object]>([
    ['an unknown section', { dataset: 'emoji/animals', promt: 'comma' }],
    ['an unknown name', { dataset: 'emoji/animals', prompt: 'comaa' }],
    ['an option of another part', { dataset: 'emoji/animals', prompt: { use: 'coop', depth: 3 } }],
    ['a number out of range', { dataset: 'emoji/animals', prompt: { use: 'comma', depth: 13 } }],
    ['a required option that is missing', { dataset: { use: 'folder' } }],
    ['an unknown preset', { dataset: 'emoji/animals', preset: 'comma/base' }],
    ['a grid that is text', { grid: 'seed' }],
    ['an axis of one value', { grid: { seed: 1 } }],
    ['an axis without values', { grid: { seed: [] } }],
    ['an axis with a condition alone', { grid: { seed: { when: { 'prompt.use': 'comma' } } } }],
    ['except without a list', { grid: { seed: [1, 2], except: { seed: 1 } } }],
    ['a sample without ranges', { grid: { sample: { count: 3 } } }],
    ['a range without its end', { grid: { sample: { count: 3, ranges: { 'train.learningRate': { from: 0.1 } } } } }],
    ['an unknown key of search', { grid: { seed: [1, 2] }, search: { reduktion: 3 } }],
    ['tpe without a budget', { grid: { seed: [1, 2] }, search: { sampler: 'tpe' } }],
    ['tpe with an empty budget', { grid: { seed: [1, 2] }, search: { sampler: 'tpe', budget: {} } }],
    ['an unknown loss', { dataset: 'emoji/animals', losses: ['knowledge'] }],
  ])('refuses %s', (_title, configuration) => {
    expect(accepts(configuration)).toBe(false);
  });
});
