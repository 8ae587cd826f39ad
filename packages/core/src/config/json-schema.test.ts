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
    ['an unknown loss', { dataset: 'emoji/animals', losses: ['knowledge'] }],
  ])('refuses %s', (_title, configuration) => {
    expect(accepts(configuration)).toBe(false);
  });
});
