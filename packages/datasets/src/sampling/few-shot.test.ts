import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError, DatasetError, type Dataset, type ImageItem } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { createDataset } from '../create-dataset.js';
import { sampleFewShot } from './few-shot.js';
import { createPythonRandom } from './python-random.js';
import { selectClasses } from './select-classes.js';

type Digests = Record<'sample' | 'few-shot', Record<string, string>>;

const SHOTS = [1, 2, 4, 8, 16];
const SEEDS = [1, 2, 3];
const stored: Digests = JSON.parse(
  readFileSync(new URL('../../fixtures/sample-digests.json', import.meta.url), 'utf8'),
);
const digest = (lists: number[][]): string =>
  createHash('sha256')
    .update(lists.map((row) => row.join(',')).join('\n'))
    .digest('hex');

/** Items with the given class sizes, numbered from `first`. */
function split(sizes: number[], first: number): { label: number; number: number }[] {
  return sizes.flatMap((size, label) => Array.from({ length: size }, () => ({ label, number: first++ })));
}

function ours(): Digests {
  const digests: Digests = { sample: {}, 'few-shot': {} };
  const train = split(
    Array.from({ length: 40 }, (_, i) => ((i * 37) % 113) + 1),
    0,
  );
  const val = split(
    Array.from({ length: 40 }, (_, i) => ((i * 11) % 17) + 1),
    100_000,
  );
  const numbers = Array.from({ length: 2000 }, (_, i) => i);
  for (const seed of SEEDS) {
    for (const shots of SHOTS) {
      const random = createPythonRandom(seed);
      const rows = numbers.map((last) => random.sample(numbers.slice(0, last + 1), Math.min(shots, last + 1)));
      digests.sample[`${shots}/${seed}`] = digest(rows);
      const drawn = sampleFewShot({ train, val }, shots, seed);
      digests['few-shot'][`${shots}/${seed}`] = digest([drawn.train, drawn.val].map((l) => l.map((i) => i.number)));
    }
  }
  return digests;
}

/** What the Python of this machine prints, or why there is none. */
function runPython(): Digests | undefined {
  const script = fileURLToPath(new URL('../../scripts/sample-digests.py', import.meta.url));
  try {
    return JSON.parse(execFileSync('python3', [script], { encoding: 'utf8' }));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

describe('sampling', () => {
  it("equals CPython's: lists of 1 to 2000, 1 to 16 shots, seeds 1 to 3, and whole few-shot sets", () => {
    expect(Object.keys(stored.sample)).toHaveLength(15);
    expect(ours()).toEqual(stored);
  });

  it("equals this machine's Python", ({ skip }) => {
    const live = runPython();
    if (!live) skip('NOT RUN: there is no python3 on this machine; the stored digests were compared all the same.');
    expect(ours()).toEqual(live);
  });

  it("draws CPython's floats and whole numbers, from seeds of several words too", () => {
    // random.seed(1): random(), random(), then _randbelow(1000)
    const random = createPythonRandom(1);
    expect([random.unit(), random.unit()]).toEqual([0.13436424411240122, 0.8474337369372327]);
    expect(random.below(1000)).toBe(782);
    // random.seed(2**64 + 5)
    expect(createPythonRandom([5, 0, 1]).unit()).toBe(0.5105783769365112);
    expect(() => random.sample([1, 2], 3)).toThrow(RangeError);
  });

  it('takes all of a class that has fewer images than shots, in their order', () => {
    const train = split([2, 5], 0);
    const { train: drawn } = sampleFewShot({ train, val: [] }, 4, 1);
    expect(drawn.slice(0, 2)).toEqual(train.slice(0, 2));
    expect(drawn).toHaveLength(6);
  });

  it('refuses a number of shots that is none', () => {
    for (const shots of [0, -1, 1.5, Number.NaN]) {
      expect(() => sampleFewShot({ train: [], val: [] }, shots, 1)).toThrow(ConfigError);
    }
  });
});

describe('base and novel classes', () => {
  const item = (label: number, split: string): ImageItem => ({
    id: `${split}/${label}`,
    where: `/data/${split}/${label}`,
    label,
    load: async () => Buffer.from(`${split}/${label}`),
  });
  const all = (split: string): ImageItem[] => [4, 0, 3, 1, 2].map((label) => item(label, split));
  const dataset = createDataset({
    name: 'five',
    classNames: ['a', 'b', 'c', 'd', 'e'],
    template: 'a photo of a {}.',
    imagePolicy: 'custom',
    train: all('train'),
    val: all('val'),
    test: all('test'),
  });

  it('are the first half, rounded up, and the rest, relabelled from 0', async () => {
    const base = selectClasses(dataset, 'base');
    expect(base.classNames).toEqual(['a', 'b', 'c']);
    expect(base.train.map(({ id, label }) => [id, label])).toEqual([
      ['train/0', 0],
      ['train/1', 1],
      ['train/2', 2],
    ]);
    const novel = selectClasses(dataset, 'novel');
    expect(novel.classNames).toEqual(['d', 'e']);
    expect(novel.test.map(({ id, label }) => [id, label])).toEqual([
      ['test/4', 1],
      ['test/3', 0],
    ]);
    expect((await novel.test[0].load()).toString()).toBe('test/4');
    expect(novel.test[0].where).toBe('/data/test/4');
  });

  it('are refused where one class alone would be left, which every answer would get right', () => {
    const of = (classes: number): Dataset =>
      createDataset({ ...dataset, name: 'few', classNames: dataset.classNames.slice(0, classes) });
    expect(() => selectClasses(of(3), 'novel')).toThrow(DatasetError);
    expect(() => selectClasses(of(2), 'base')).toThrow(/Of 2 classes, the base half has 1/);
    expect(selectClasses(of(4), 'novel').classNames).toEqual(['c', 'd']);
  });

  it('have digests of their own; all classes are the data set itself', () => {
    expect(selectClasses(dataset, 'all')).toBe(dataset);
    const digests = [dataset, selectClasses(dataset, 'base'), selectClasses(dataset, 'novel')].map((d) => d.digest);
    expect(new Set(digests).size).toBe(3);
    expect(digests.every((d) => /^[0-9a-f]{64}$/.test(d))).toBe(true);
  });
});
