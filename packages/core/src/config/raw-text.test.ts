import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fakeRegistry } from './fake-plugins.test.fixture.js';
import { withTexts } from './raw-text.js';
import { resolveConfiguration } from './resolve.js';
import { parseConfiguration } from './source.js';

const registry = fakeRegistry();
const odd = ['2024', '007', '1e3', '0x10', '1.0', 'true', 'True', 'null', '~', '.5', '.inf', '-1'];
const pathOf = (text: string, overrides: readonly string[] = []) =>
  resolveConfiguration(parseConfiguration(text, 'config.yaml'), { registry, overrides }).dataset['path'];

describe('options that are text', () => {
  it.each(odd)('take %s as it is written, in a file', (text) => {
    expect(pathOf(`dataset: { use: folder, path: ${text} }`)).toBe(text);
  });

  it.each(odd)('take %s as it is written, in an override', (text) => {
    expect(pathOf('dataset: { use: folder, path: photos }', [`dataset.path=${text}`])).toBe(text);
    expect(pathOf('dataset: { use: folder, path: photos }', [`dataset={ use: folder, path: ${text} }`])).toBe(text);
  });

  it('take the text of the last override, and leave numbers numbers', () => {
    const { dataset, seed } = resolveConfiguration(parseConfiguration('dataset: { use: folder, path: 1 }', 'c.yaml'), {
      registry,
      overrides: ['dataset.path=007', 'seed=07', 'dataset.path=010'],
    });
    expect([dataset['path'], seed]).toEqual(['010', 7]);
  });

  it('are refused where nothing is written', () => {
    expect(() => pathOf('dataset: { use: folder, path: }')).toThrow(
      'dataset.path: expected a string, received nothing',
    );
    expect(() => pathOf('dataset: { use: folder, path: x }', ['dataset.path='])).toThrow('received nothing');
  });

  it('are entries of lists, values beside lists, and keys', () => {
    const schema = z.object({ names: z.array(z.string()), one: z.union([z.string(), z.array(z.string())]) });
    const { value, raw } = parseConfiguration('names: [007, x, ~]\none: 1e3\nkeys: { 007: a, null: b }', 'c.yaml');
    expect(withTexts(schema, value, raw!)).toEqual({
      names: ['007', 'x', '~'],
      one: '1e3',
      keys: { '007': 'a', null: 'b' },
    });
  });
});
