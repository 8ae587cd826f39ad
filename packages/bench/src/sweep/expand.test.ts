import { ConfigError } from '@promptweave/core';
import { sourceFromValue, InvalidConfigurationError } from '@promptweave/core/experiment';
import { describe, expect, it } from 'vitest';
import { expandGrid } from './expand.js';
import { readGrid } from './grid.js';
import { applyToGrid } from './grid-overrides.js';
import { radicalInverse, samplePoints } from './low-discrepancy.js';

/** The values of all cells of a grid. */
function cells(grid: Record<string, unknown>, base: Record<string, unknown> = {}): unknown[] {
  return expandGrid(readGrid(sourceFromValue({ grid })), base).map(({ values }) => values);
}

describe('the size of a grid', () => {
  const range = { 'train.learningRate': { from: 0.1, to: 0.2 } };
  const seeds = Array.from({ length: 1000 }, (_, i) => i);
  it.each([
    [{ sample: { count: Number.MAX_SAFE_INTEGER, ranges: range } }, '9,007,199,254,740,991 combinations'],
    [{ sample: { count: 1e9, ranges: range }, seed: [1, 2] }, '2,000,000,000 combinations'],
    [{ seed: seeds, 'train.batch': seeds, list: [{}, { name: 'x' }] }, '2,000,000 combinations'],
  ])('is counted before it is built', (grid, message) => {
    expect(() => readGrid(sourceFromValue({ grid }))).toThrow(message);
  });

  it('may have axes of the names that every object has', () => {
    expect(cells({ toString: [1], constructor: [2] })).toEqual([{ toString: 1, constructor: 2 }]);
  });
});

describe('expandGrid', () => {
  it('combines axes, the last one changing fastest', () => {
    expect(cells({ 'prompt.use': ['none', 'coop'], seed: [1, 2] })).toEqual([
      { 'prompt.use': 'none', seed: 1 },
      { 'prompt.use': 'none', seed: 2 },
      { 'prompt.use': 'coop', seed: 1 },
      { 'prompt.use': 'coop', seed: 2 },
    ]);
  });

  it('takes lists as they are and zipped values together', () => {
    const list = [
      { name: 'A', preset: 'x' },
      { name: 'B', preset: 'y', 'train.batch': 2 },
    ];
    const choices = expandGrid(readGrid(sourceFromValue({ grid: { list, seed: [1] } })), {});
    expect(choices).toEqual([
      { name: 'A', standsFor: ['preset'], values: { preset: 'x', seed: 1 } },
      { name: 'B', standsFor: ['preset', 'train.batch'], values: { preset: 'y', 'train.batch': 2, seed: 1 } },
    ]);
    expect(cells({ zip: { 'prompt.depth': [3, 9], 'train.epochs': [2, 5] } })).toEqual([
      { 'prompt.depth': 3, 'train.epochs': 2 },
      { 'prompt.depth': 9, 'train.epochs': 5 },
    ]);
  });

  it('varies an axis only where its condition holds, by the cell or by the base', () => {
    const depth = { values: [3, 9], when: { 'prompt.use': ['maple', 'comma'] } };
    expect(cells({ prompt: ['coop', { use: 'maple' }], 'prompt.depth': depth })).toEqual([
      { prompt: 'coop' },
      { prompt: { use: 'maple' }, 'prompt.depth': 3 },
      { prompt: { use: 'maple' }, 'prompt.depth': 9 },
    ]);
    expect(cells({ 'prompt.depth': depth }, { prompt: 'comma' })).toHaveLength(2);
    expect(cells({ 'prompt.depth': depth }, { prompt: { use: 'coop' } })).toEqual([{}]);
  });

  it('takes a list in a condition for itself and for any of its entries', () => {
    const losses = [['a'], ['a', 'b'], 'a'];
    const seed = { values: [1, 2], when: { losses: ['a', 'b'] } };
    expect(cells({ losses, seed })).toEqual([
      { losses: ['a'] },
      { losses: ['a', 'b'], seed: 1 },
      { losses: ['a', 'b'], seed: 2 },
      { losses: 'a', seed: 1 },
      { losses: 'a', seed: 2 },
    ]);
    expect(cells({ losses, except: [{ losses: ['a', 'b'] }] })).toEqual([{ losses: ['a'] }]);
  });

  it('leaves out what is excepted, and equal cells', () => {
    const except = [{ 'prompt.use': 'none', seed: [2, 3] }];
    expect(cells({ 'prompt.use': ['none', 'coop'], seed: [1, 2, 3], except })).toHaveLength(4);
    expect(cells({ seed: [1, 1, 2] })).toEqual([{ seed: 1 }, { seed: 2 }]);
  });

  it('samples ranges evenly', () => {
    expect([1, 2, 3, 4].map((index) => radicalInverse(index, 2))).toEqual([0.5, 0.25, 0.75, 0.125]);
    expect([1, 2, 3].map((index) => radicalInverse(index, 3))).toEqual([1 / 3, 2 / 3, 1 / 9]);
    const ranges = {
      rate: { from: 1e-4, to: 1e-2, scale: 'log' as const, whole: false },
      depth: { from: 1, to: 4, scale: 'linear' as const, whole: true },
    };
    const points = samplePoints({ count: 64, method: 'halton', seed: 7, ranges });
    const inLowHalf = points.filter(({ rate }) => rate! < 1e-3).length; // 1e-3 is the middle of the logarithmic range
    expect(inLowHalf).toBe(32);
    const depths = [1, 2, 3, 4].map((depth) => points.filter((point) => point['depth'] === depth).length);
    expect(Math.max(...depths) - Math.min(...depths)).toBeLessThanOrEqual(4);
    expect(samplePoints({ count: 3, method: 'random', seed: 7, ranges })).not.toEqual(points.slice(0, 3));
  });

  it('samples whole numbers of a logarithmic range evenly in logarithms', () => {
    const ranges = { size: { from: 1, to: 99, scale: 'log' as const, whole: true } };
    const sizes = samplePoints({ count: 64, method: 'halton', seed: 7, ranges }).map(({ size }) => size!);
    expect(sizes.filter((size) => size < 10)).toHaveLength(32); // 10 is the middle between 1 and 100
    expect(Math.min(...sizes)).toBe(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(99);
    expect(sizes.every(Number.isInteger)).toBe(true);
  });

  it('has a base of its own for each range, or refuses', () => {
    const range = { from: 0, to: 1, scale: 'linear' as const, whole: false };
    const sample = (count: number, method: 'halton' | 'random') => {
      const ranges = Object.fromEntries(Array.from({ length: count }, (_, i) => [`option${i}`, range]));
      return samplePoints({ count: 2, method, seed: 1, ranges });
    };
    expect(sample(12, 'halton')).toHaveLength(2);
    expect(() => sample(13, 'halton')).toThrow(ConfigError);
    expect(sample(13, 'random')).toHaveLength(2);
  });

  it.each([
    [{ seed: 1 }, 'grid.seed'],
    [{ seed: [] }, 'at least one value'],
    [{ zip: { a: [1], b: [1, 2] } }, 'unequal length'],
    [{ sample: { count: 2, ranges: { a: { from: 2, to: 1 } } } }, 'expected from below to'],
  ])('refuses %j', (grid, message) => {
    expect(() => cells(grid)).toThrow(InvalidConfigurationError);
    expect(() => cells(grid)).toThrow(message);
  });
});

describe('applyToGrid', () => {
  const source = sourceFromValue({ grid: { seed: [1, 2], 'prompt.use': ['none'] } });

  it('replaces the values of an axis and leaves the rest', () => {
    const { source: changed, overrides } = applyToGrid(source, ['seed=[4, 5]', 'train.batch=2', 'prompt.use=coop']);
    expect(changed.value['grid']).toEqual({ seed: [4, 5], 'prompt.use': ['coop'] });
    expect(overrides).toEqual(['train.batch=2']);
  });

  it('keeps the condition of an axis', () => {
    const when = { 'prompt.use': 'maple' };
    const conditional = sourceFromValue({ grid: { 'prompt.depth': { values: [3, 9], when } } });
    for (const override of ['prompt.depth=[4]', 'prompt.depth=4', 'grid.prompt.depth=[4]']) {
      expect(applyToGrid(conditional, [override]).source.value['grid']).toEqual({
        'prompt.depth': { values: [4], when },
      });
    }
    const { source: other } = applyToGrid(conditional, ['grid.prompt.depth={ values: [4] }']);
    expect(other.value['grid']).toEqual({ 'prompt.depth': { values: [4] } });
  });

  it('takes another grid', () => {
    const { source: changed, overrides } = applyToGrid(source, ['seed=[4, 5]', 'train.batch=2', 'grid={ seed: [7] }']);
    expect(changed.value['grid']).toEqual({ seed: [7] });
    expect(overrides).toEqual(['train.batch=2']);
    expect(() => applyToGrid(source, ['grid=[1]'])).toThrow(ConfigError);
  });

  it('adds axes and sections', () => {
    const { source: changed } = applyToGrid(source, ['grid.train.batch=[1, 2]', 'grid.except=[{ seed: 1 }]']);
    expect(changed.value['grid']).toMatchObject({ 'train.batch': [1, 2], except: [{ seed: 1 }] });
  });
});
