import { parseConfiguration } from '@promptweave/core/experiment';
import { describe, expect, it } from 'vitest';
import { applyToGrid } from './grid-overrides.js';
import { asWritten, withTextsOf, writtenValues, zerosAsText } from './written-values.js';

const written = (text: string, overrides: readonly string[] = []) => {
  const { source } = applyToGrid(parseConfiguration(text, 'c.yaml'), overrides);
  const { grid } = source.value as { grid: Record<string, unknown[]> };
  const known = writtenValues(source, ['grid']);
  return Object.fromEntries(Object.entries(grid).map(([path, values]) => [path, asWritten(values, known)]));
};

describe('the values of a grid', () => {
  it('keep what was written, in the file and in overrides', () => {
    const text = 'grid: { dataset.path: [2024, 007, x, "7"], dataset: [{ use: folder, path: 1e3 }], seed: [1, 02] }';
    expect(written(text)).toEqual({
      'dataset.path': '[2024, 007, "x", "7"]',
      dataset: '[{"use": "folder", "path": 1e3}]',
      seed: '[1, 02]',
    });
    expect(written(text, ['dataset.path=010', 'seed=[3, 04]'])).toMatchObject({
      'dataset.path': '[010]',
      seed: '[3, 04]',
    });
    expect(written(text, ['grid={ dataset.path: [~, x] }'])).toEqual({ 'dataset.path': '[~, "x"]' });
  });

  it('that begin with a zero are text, and stay apart from those that do not', () => {
    const { value, raw, place } = parseConfiguration('grid: { dataset.path: [7, 007, 0.5, 0, -01] }', 'c.yaml');
    const changed = zerosAsText({ value, raw, place }, ['grid']);
    expect(changed).toEqual({ 'dataset.path': [7, '007', 0.5, 0, '-01'] });
  });

  it('are shown as the options that are text have them', () => {
    const values = { 'dataset.path': 1000, seed: 2, prompt: { use: 'coop' } };
    const configuration = { dataset: { path: '1e3' }, seed: 2, prompt: { use: 'coop' } };
    expect(withTextsOf(values, configuration)).toEqual({ ...values, 'dataset.path': '1e3' });
  });

  it('are canonical where one was written in two ways', () => {
    expect(written('grid: { dataset.path: [1e3, 1000] }')).toEqual({ 'dataset.path': '[1000, 1000]' });
  });
});
