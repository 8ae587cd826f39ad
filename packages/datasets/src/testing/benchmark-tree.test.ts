import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Dataset, ImageItem } from '@promptweave/core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readBenchmark } from '../benchmark/read-benchmark.js';
import { BENCHMARK, type BenchmarkEntry } from '../benchmark/table.js';
import { checkBenchmark } from '../check-dataset.js';
import { decodeImage } from '../image/decode.js';
import { createPythonRandom } from '../sampling/python-random.js';
import { sampleFewShot } from '../sampling/few-shot.js';
import { useTrees } from '../tree.test.helper.js';
import { benchmarkTree } from './benchmark-tree.js';
import { labelOfPicture } from './class-picture.js';

const writeTree = useTrees();

let root = '';
beforeAll(async () => {
  root = await writeTree(await benchmarkTree());
  vi.stubEnv('PROMPTWEAVE_CACHE', join(root, 'cache'));
  return () => vi.unstubAllEnvs();
});

const entryOf = (name: string): BenchmarkEntry => BENCHMARK.find((entry) => entry.name === name) as BenchmarkEntry;

describe('a generated root in the layout of the papers’ data sets', () => {
  it('is whole in the eyes of the check', async () => {
    const reports = await checkBenchmark(root);
    expect(reports.map(({ name, state }) => [name, state])).toEqual(BENCHMARK.map(({ name }) => [name, 'ok']));
  });

  it.each(BENCHMARK)('$name: every picture comes with the label it was made for', async (entry) => {
    const dataset = await readBenchmark(entry, root);
    const labels = async (items: readonly ImageItem[]): Promise<number[]> =>
      Promise.all(
        items.map(async (item) => labelOfPicture(await decodeImage(await item.load(), 'reference', item.id))),
      );
    const count = dataset.classNames.length;
    for (const split of ['train', 'val', 'test'] as const) {
      expect(await labels(dataset[split])).toEqual(dataset[split].map(({ label }) => label));
      expect(new Set(dataset[split].map(({ label }) => label)).size).toBe(
        entry.images[split] === undefined ? 0 : count,
      );
      expect(new Set(dataset[split].map(({ id }) => id)).size).toBe(dataset[split].length);
    }
    expect(dataset.test).toHaveLength(3 * count);
    // The first class has one training image.
    expect(dataset.train).toHaveLength(entry.images.train === undefined ? 0 : 5 * count - 4);
  });

  it.each([
    ['imagenet', 0, 'images/train/n01440764/n01440764_10026.JPEG', 'tench'],
    ['sun397', 1, 'a/apartment_building/outdoor/sun_', 'outdoor apartment building'],
    ['stanford_cars', 3, 'cars_train/00300.jpg', '2012 smart fortwo'],
    ['fgvc_aircraft', 4, 'images/1026194.jpg', 'F-16A/B'],
    ['caltech101', 1, 'airplanes/image_0001.jpg', 'airplane'],
    ['ucf101', 3, 'Yo_Yo/v_YoYo_g01_c01.jpg', 'Yo_Yo'],
  ])('%s: label %d is %s, called %s', async (name, label, path, className) => {
    const { classNames, train } = await readBenchmark(entryOf(name), root);
    expect(classNames[label]).toBe(className);
    expect(train.find((item) => item.label === label)?.id).toContain(path);
  });

  it('ImageNet-A and -R have labels of their own, and the names of their classes alone', async () => {
    const [a, r] = await Promise.all(['imagenet_a', 'imagenet_r'].map((name) => readBenchmark(entryOf(name), root)));
    expect(a?.classNames).toEqual(['stingray', 'goldfinch']);
    expect(r?.classNames).toEqual(['goldfish', 'great white shark', 'goldfinch']);
    expect(a?.test[3]).toMatchObject({ label: 1, id: expect.stringContaining('imagenet-a/n01531178/0.0000') });
  });
});

describe('few-shot sets', () => {
  /** A split file with 37 classes of 1 to 150 images, in an order that is not class by class. */
  function split(): { train: Row[]; val: Row[]; test: Row[] } {
    const random = createPythonRandom(5);
    const rows = (size: (label: number) => number, name: string): Row[] => {
      const all = Array.from({ length: 37 }, (_, label) =>
        Array.from({ length: size(label) }, (_, i): Row => [
          `${name}/${label}/image_${i}.jpg`,
          label,
          `class ${label}`,
        ]),
      ).flat();
      return random.sample(all, all.length);
    };
    return {
      train: rows((c) => ((c * 61) % 150) + 1, 'train'),
      val: rows((c) => (c % 9) + 1, 'val'),
      test: rows(() => 1, 'test'),
    };
  }
  type Row = [path: string, label: number, name: string];

  it('hold the files that the papers’ procedure draws in a real Python, in its order', async ({ skip }) => {
    const folder = await writeTree({ 'oxford_pets/split_zhou_OxfordPets.json': JSON.stringify(split()) });
    const dataset: Dataset = await readBenchmark(entryOf('oxford_pets'), folder);
    const script = fileURLToPath(new URL('../../scripts/few-shot-files.py', import.meta.url));
    const file = join(folder, 'oxford_pets/split_zhou_OxfordPets.json');
    let printed: string;
    try {
      printed = (await promisify(execFile)('python3', [script, file], { maxBuffer: 2 ** 24 })).stdout;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      return skip('NOT RUN: there is no python3 on this machine.');
    }
    const expected = Object.entries(JSON.parse(printed) as Record<string, { train: string[]; val: string[] }>);
    expect(expected).toHaveLength(15);
    for (const [key, lists] of expected) {
      const [shots = 0, seed = 0] = key.split('/').map(Number);
      const { train, val } = sampleFewShot(dataset, shots, seed);
      const ids = (items: readonly ImageItem[]): string[] => items.map(({ id }) => id);
      expect({ train: ids(train), val: ids(val) }, key).toEqual(lists);
    }
  });
});
