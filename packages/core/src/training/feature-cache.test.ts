import { spawn } from 'node:child_process';
import { utimesSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thisProcess } from '../claim.js';
import type { ImageItem } from '../contracts/dataset.js';
import { storeFeatures } from './batches.js';
import { FeatureCache } from './feature-cache.js';
import { tinyBackbone, tinyPipeline } from './tiny.test.support.js';

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
  const both = later.of(KIND);
  await both.recall([cat, image('copy', 'pixels of a cat')]);
  expect([...both.keys()].sort()).toEqual(['cat', 'copy']);
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

it('reads a file while others use it, and say so by touching it', async () => {
  await compute(new FeatureCache(folder), cat, [1, 2]);
  const [kind] = await readdir(folder);
  const [segment] = await readdir(join(folder, kind!));
  let found: number[] | undefined;
  const reading = recalled(new FeatureCache(folder), cat).then((row) => void (found = row));
  for (let second = 1; second < 1000 && !found; second += 1) {
    utimesSync(join(folder, kind!, segment!), second, second);
    await (second % 50 === 0 ? setTimeout(1) : Promise.resolve()); // between any two steps of the reader
  }
  await reading;
  expect(found).toEqual([1, 2]);
  expect(await readdir(join(folder, kind!))).toEqual([segment]);
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

it('counts text features among what is limited', async () => {
  new FeatureCache(folder).texts({}).once('a', [1, 100], () => tf.zeros([1, 100]));
  const [kind] = await readdir(folder);
  await utimes(join(folder, kind!, 'a.text'), new Date(0), new Date(0));
  await compute(new FeatureCache(folder, 800), dog, new Array<number>(100).fill(2));
  expect(await readdir(join(folder, kind!))).toEqual(['a']);
});

describe('processes that need the same images at once', () => {
  const items = Array.from({ length: 150 }, (_, i) => image(`image ${i}`, `pixels ${i}`));
  const backbone = tinyBackbone();

  /** Asks for all images as one of several processes. */
  async function process(encoded: string[], signal?: AbortSignal): Promise<ReadonlyMap<string, Float32Array>> {
    const pipeline = {
      ...tinyPipeline,
      async *batches(request: Parameters<typeof tinyPipeline.batches>[0]) {
        for await (const batch of tinyPipeline.batches(request)) {
          encoded.push(...batch.items.map(({ id }) => id));
          await setTimeout(5);
          yield batch;
        }
      },
    };
    const store = new FeatureCache(folder).of(KIND);
    const source = { backbone, pipeline, policy: 'custom', seed: 0, onBadImage: 'fail' } as const;
    await storeFeatures(store, source, items, { signal });
    return store;
  }

  /** Another process has taken all images on. */
  async function allTakenOn(): Promise<{ kill(): void }> {
    await compute(new FeatureCache(folder), cat, [1, 2, 3, 4, 5]);
    const [kind] = await readdir(folder);
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    const started = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(') ').at(-1)!.split(' ')[19]!;
    for (const group of '0123456789abcdef') {
      await mkdir(join(folder, kind!, group));
      const claim = { ...thisProcess(), pid: child.pid, started };
      await writeFile(join(folder, kind!, group, 'claim.1'), JSON.stringify(claim));
    }
    return { kill: () => void child.kill('SIGKILL') };
  }

  it('compute each once between them, and all have the same features', async () => {
    const alone = await process([]);
    await rm(folder, { recursive: true });
    const encoded: string[][] = [[], [], []];
    const stores = await Promise.all(encoded.map((own) => process(own)));
    expect(encoded.flat().sort()).toEqual(items.map(({ id }) => id).sort());
    for (const own of encoded) expect(own.length).toBeGreaterThan(0);
    for (const store of stores) for (const { id } of items) expect(store.get(id)).toEqual(alone.get(id));
  });

  it('wait for one that lives, and compute what it had taken on when it dies', async () => {
    const other = await allTakenOn();
    const encoded: string[] = [];
    const running = process(encoded);
    await setTimeout(500);
    expect(encoded).toEqual([]);
    other.kill();
    await running;
    expect(encoded.sort()).toEqual(items.map(({ id }) => id).sort());
  });

  it('stop waiting when they are told to', async () => {
    const other = await allTakenOn();
    const controller = new AbortController();
    const running = process([], controller.signal);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    other.kill();
  });

  it('give back what they had taken on when they are stopped, and keep what they computed', async () => {
    const controller = new AbortController();
    const encoded: string[] = [];
    const running = process(encoded, controller.signal).catch(() => undefined);
    while (encoded.length === 0) await setTimeout(1);
    controller.abort();
    await running;
    const rest: string[] = [];
    await process(rest);
    expect([...encoded, ...rest].sort()).toEqual(items.map(({ id }) => id).sort());
  });
});

it('does without a place where nothing can be written, and says so once', async () => {
  const place = join(folder, 'a file');
  await writeFile(place, 'which has nothing below it');
  const told: string[] = [];
  const cache = new FeatureCache(join(place, 'features'), undefined, (message) => told.push(message));
  const features = cache.of(KIND);
  const { items, done } = await features.takeOn([cat, dog]);
  expect(items).toEqual([cat, dog]);
  features.set('cat', Float32Array.of(1, 2));
  await features.remember(['cat']);
  done();
  expect([...features.get('cat')!]).toEqual([1, 2]);
  const texts = cache.texts(KIND);
  const twice = [1, 2].map(() => texts.once('key', [1, 2], () => tf.tensor2d([[3, 4]])));
  expect(twice.map((tensor) => [...tensor.dataSync()])).toEqual([
    [3, 4],
    [3, 4],
  ]);
  tf.dispose(twice);
  expect(told).toEqual([
    expect.stringMatching(/^Features cannot be kept in .*a file\/features \(ENOTDIR\): they are computed anew/),
  ]);
});
