import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ImageItem } from '../contracts/dataset.js';
import { FeatureCache } from './feature-cache.js';

const KIND = { digest: 'weights', size: 32 };
const image = (id: string, content: string): ImageItem => ({ id, label: 0, load: async () => Buffer.from(content) });
const [cat, dog] = [image('cat', 'pixels of a cat'), image('dog', 'pixels of a dog')];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'features-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Computes the feature of an image, as `storeFeatures` does. */
async function compute(cache: FeatureCache, item: ImageItem, feature: number[], kind = KIND): Promise<void> {
  const features = cache.of(kind);
  await features.recall([item]);
  features.set(item.id, Float32Array.from(feature));
  await features.remember([item.id]);
}

async function recalled(cache: FeatureCache, item: ImageItem, kind = KIND): Promise<number[] | undefined> {
  const features = cache.of(kind);
  await features.recall([item]);
  const row = features.get(item.id);
  return row && [...row];
}

it('knows images by what is in them, of one kind', async () => {
  await compute(new FeatureCache(folder), cat, [1, 2, 3]);
  const later = new FeatureCache(folder);
  expect(await recalled(later, image('moved/cat', 'pixels of a cat'))).toEqual([1, 2, 3]);
  expect(await recalled(later, image('cat', 'other pixels'))).toBeUndefined();
  expect(await recalled(later, cat, { ...KIND, size: 64 })).toBeUndefined();
});

it('tells views and their seeds apart', async () => {
  const features = new FeatureCache(folder).of(KIND);
  const view = { index: 1, seed: 5 };
  await features.recall([cat], view);
  features.set('view 1 of cat, seed 5', Float32Array.of(7));
  await features.remember(['view 1 of cat, seed 5']);
  const later = new FeatureCache(folder).of(KIND);
  await later.recall([cat], { index: 1, seed: 6 });
  await later.recall([cat], { index: 0, seed: 5 });
  await later.recall([cat]);
  expect(later.size).toBe(0);
  await later.recall([cat], view);
  expect(later.get('view 1 of cat, seed 5')).toEqual(Float32Array.of(7));
});

it('keeps what several processes write at once', async () => {
  await Promise.all([cat, dog].map((item, i) => compute(new FeatureCache(folder), item, [i])));
  const later = new FeatureCache(folder);
  expect([await recalled(later, cat), await recalled(later, dog)]).toEqual([[0], [1]]);
});

it('throws a file away that cannot be read', async () => {
  await compute(new FeatureCache(folder), cat, [1]);
  const [kind] = await readdir(folder);
  const [segment] = await readdir(join(folder, kind!));
  await writeFile(join(folder, kind!, segment!), 'torn');
  expect(await recalled(new FeatureCache(folder), cat)).toBeUndefined();
  expect(await readdir(join(folder, kind!))).toEqual([]);
});

it('takes what was used longest ago away when the limit is reached', async () => {
  await compute(new FeatureCache(folder), cat, new Array<number>(100).fill(1));
  const [kind] = await readdir(folder);
  const [segment] = await readdir(join(folder, kind!));
  await utimes(join(folder, kind!, segment!), new Date(0), new Date(0));
  const limited = new FeatureCache(folder, 800);
  await compute(limited, dog, new Array<number>(100).fill(2));
  expect(await recalled(limited, cat)).toBeUndefined();
  expect(await recalled(limited, dog)).toHaveLength(100);
});
