import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  ConfigError,
  DatasetError,
  type BatchRequest,
  type HostBatch,
  type ImageItem,
  type Preprocessing,
} from '@promptweave/core';
import { afterAll, describe, expect, it } from 'vitest';
import { build } from 'vite';
import { createDataset } from '../create-dataset.js';
import { decodeImage } from '../image/decode.js';
import { preprocessForEvaluation } from '@promptweave/core/portable';
import { sampleFewShot } from '../sampling/few-shot.js';
import { createDataPipeline } from './data-pipeline.js';
import type { ImageTask } from './prepare-image.js';
import { createWorkerPool } from './worker-pool.js';

const file = await readFile(new URL('../../fixtures/images/photo-420.jpg', import.meta.url));
const format: Preprocessing = {
  ...{ resize: 'shortest', interpolation: 'bicubic', size: 24 },
  ...{ mean: [0.48, 0.45, 0.4], std: [0.26, 0.26, 0.27] },
};
const loads: string[] = [];

function items(count: number, bad: number[] = []): ImageItem[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${i}.jpg`,
    label: i % 3,
    load: async () => {
      loads.push(`${i}.jpg`);
      return bad.includes(i) ? file.subarray(0, 500) : file;
    },
  }));
}
const request = (parts: Partial<BatchRequest> & Pick<BatchRequest, 'items'>): BatchRequest => ({
  batchSize: 4,
  preprocessing: format,
  policy: 'reference',
  augment: false,
  shuffle: false,
  dropLast: false,
  seed: 1,
  epoch: 0,
  onBadImage: 'fail',
  ...parts,
});
async function collect(batches: AsyncIterable<HostBatch>): Promise<HostBatch[]> {
  const all: HostBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}
const names = (batches: HostBatch[]): string[] => batches.flatMap((batch) => batch.items.map(({ id }) => id));
/** Values of every image by its id. */
function byId(batches: HostBatch[]): Map<string, number[]> {
  const size = 3 * 24 * 24;
  return new Map(
    batches.flatMap(({ items, images }) =>
      items.map(({ id }, i): [string, number[]] => [id, [...images.subarray(i * size, (i + 1) * size)]]),
    ),
  );
}

describe('batches', () => {
  it('hold the evaluation transform of every image in order, the last one smaller', async () => {
    const batches = await collect(createDataPipeline().batches(request({ items: items(10) })));
    expect(batches.map((batch) => batch.items.length)).toEqual([4, 4, 2]);
    expect(names(batches)).toEqual(items(10).map(({ id }) => id));
    expect([...batches[1].labels]).toEqual([1, 2, 0, 1]);
    const image = await decodeImage(file, 'reference', 'x');
    const expected = [...preprocessForEvaluation(image, format)];
    expect([...byId(batches).values()].every((values) => values.join() === expected.join())).toBe(true);
  });

  it('leave the last, smaller one out on request', async () => {
    const batches = await collect(createDataPipeline().batches(request({ items: items(10), dropLast: true })));
    expect(batches.map((batch) => batch.images.length)).toEqual([4 * 1728, 4 * 1728]);
  });

  it('hold the same crops whatever the batch size, the order or what ran before', async () => {
    const training = request({ items: items(9), augment: true, epoch: 3 });
    const one = byId(await collect(createDataPipeline().batches(training)));
    const pipeline = createDataPipeline({ cacheMegabytes: 10 });
    await collect(pipeline.batches({ ...training, epoch: 2 }));
    const other = byId(await collect(pipeline.batches({ ...training, batchSize: 2, shuffle: true })));
    expect(other.size).toBe(9);
    for (const [id, values] of one) expect(other.get(id)).toEqual(values);
    const next = byId(await collect(pipeline.batches({ ...training, epoch: 4 })));
    expect(next.get('0.jpg')).not.toEqual(one.get('0.jpg'));
    expect(one.get('1.jpg')).not.toEqual(one.get('0.jpg'));
  });

  it('are shuffled by seed and epoch', async () => {
    const order = async (seed: number, epoch: number): Promise<string> =>
      names(
        await collect(createDataPipeline().batches(request({ items: items(12), shuffle: true, seed, epoch }))),
      ).join();
    const first = await order(1, 1);
    expect(await order(1, 1)).toBe(first);
    expect(first.split(',').sort()).toEqual(names([{ items: items(12) } as unknown as HostBatch]).sort());
    expect(new Set([first, await order(1, 2), await order(2, 1)]).size).toBe(3);
  });

  it.each([
    ['two', 1100, 16],
    ['16 of small images', 24, 72],
  ])('are prepared at most %s ahead', async (_, size, most) => {
    loads.length = 0;
    const preprocessing = { ...format, size };
    const batches = createDataPipeline()
      .batches(request({ items: items(100), preprocessing }))
      [Symbol.asyncIterator]();
    await batches.next();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(loads.length).toBeGreaterThan(most / 2);
    expect(loads.length).toBeLessThanOrEqual(most);
    await batches.return?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(loads.length).toBeLessThanOrEqual(most);
  });

  it('refuse a batch size of 0', async () => {
    await expect(collect(createDataPipeline().batches(request({ items: items(2), batchSize: 0 })))).rejects.toThrow(
      ConfigError,
    );
  });
});

describe('a broken image', () => {
  it('stops with its name', async () => {
    const pass = collect(createDataPipeline().batches(request({ items: items(9, [6]) })));
    await expect(pass).rejects.toMatchObject({ name: 'DatasetError', where: '6.jpg' });
  });

  it('stops with its path, where it has one', async () => {
    const [item] = items(1, [0]);
    const pass = collect(createDataPipeline().batches(request({ items: [{ ...item, where: '/photos/0.jpg' }] })));
    await expect(pass).rejects.toMatchObject({ name: 'DatasetError', where: '/photos/0.jpg' });
  });

  it('is skipped and listed on request, and a batch of nothing else does not come', async () => {
    const told: string[] = [];
    const pipeline = createDataPipeline({ onSkip: (item, error) => told.push(`${item.id} ${error.message}`) });
    const pass = request({ items: items(9, [1, 4, 5, 6, 7]), onBadImage: 'skip' });
    const batches = await collect(pipeline.batches(pass));
    expect(batches.map((batch) => names([batch]))).toEqual([['0.jpg', '2.jpg', '3.jpg'], ['8.jpg']]);
    expect([...batches[0].labels]).toEqual([0, 2, 0]);
    expect(batches[0].images).toHaveLength(3 * 1728);
    await collect(pipeline.batches(pass));
    expect(told.map((line) => line.slice(0, 5)).sort()).toEqual(['1.jpg', '4.jpg', '5.jpg', '6.jpg', '7.jpg']);
    expect(told[0]).toContain('cannot be read');
  });

  it('is told to every pass that skips it, and to all of them once for each place', async () => {
    const told: string[] = [];
    const pipeline = createDataPipeline({ onSkip: ({ where }) => told.push(where!) });
    const skippedOf = async (where: string): Promise<string[]> => {
      const ids: string[] = [];
      const list = items(3, [1]).map((item) => ({ ...item, where: `${where}/${item.id}` }));
      const pass = request({ items: list, onBadImage: 'skip', onSkip: ({ id }) => ids.push(id) });
      await collect(pipeline.batches(pass));
      return ids;
    };
    // Two data sets with the same ids.
    for (const folder of ['/a', '/a', '/b']) expect(await skippedOf(folder)).toEqual(['1.jpg']);
    expect(told).toEqual(['/a/1.jpg', '/b/1.jpg']);
  });

  it('that is no matter of the data stops even then', async () => {
    const item = { id: 'x', label: 0, load: () => Promise.reject(new TypeError('a bug')) };
    const pass = request({ items: [item], onBadImage: 'skip' });
    await expect(collect(createDataPipeline().batches(pass))).rejects.toThrow(TypeError);
  });
});

describe('the cache of decoded images', () => {
  it('saves loading, up to its size', async () => {
    const list = items(6);
    // An image of 150 × 113 takes 50,850 bytes: four fit into 0.2 MiB.
    const pipeline = createDataPipeline({ cacheMegabytes: 0.2 });
    const first = await collect(pipeline.batches(request({ items: list })));
    loads.length = 0;
    const second = await collect(pipeline.batches(request({ items: list })));
    expect(loads).toHaveLength(2);
    expect(byId(second)).toEqual(byId(first));
    await pipeline.close();
    loads.length = 0;
    await collect(pipeline.batches(request({ items: list })));
    expect(loads).toHaveLength(6);
  });

  it('leaves to other images when those that it holds are no longer used', async () => {
    const pipeline = createDataPipeline({ cacheMegabytes: 0.2 });
    const pass = async (list: ImageItem[]): Promise<number> => {
      loads.length = 0;
      await collect(pipeline.batches(request({ items: list })));
      return loads.length;
    };
    const [first, second] = [items(4), items(4)];
    expect(await pass(first)).toBe(4);
    const counts: number[] = [];
    for (let i = 0; i < 8; i++) counts.push(await pass(second));
    expect(counts[0]).toBe(4);
    expect(counts.at(-1)).toBe(0);
    expect(await pass(first)).toBe(4);
    expect(await pass(second)).toBe(0);
  });
});

describe('a subset', () => {
  it('is sampled first, then halved', () => {
    const dataset = createDataset({
      name: 'x',
      classNames: ['a', 'b', 'c'],
      template: '{}',
      imagePolicy: 'custom',
      train: items(60),
      val: items(30),
      test: items(6),
    });
    const pipeline = createDataPipeline();
    const { train, val } = sampleFewShot(dataset, 8, 2);
    const base = pipeline.subset(dataset, { shots: 8, seed: 2, classes: 'base' });
    expect(base.classNames).toEqual(['a', 'b']);
    expect(base.train.map(({ id }) => id)).toEqual(train.filter(({ label }) => label < 2).map(({ id }) => id));
    expect([base.train.length, base.val.length, base.test.length]).toEqual([16, 8, 4]);
    expect(val).toHaveLength(12);
    expect(pipeline.subset(dataset, { seed: 2, classes: 'all' })).toBe(dataset);
  });

  it('of a large set reads its list once and computes no digest over it', () => {
    let reads = 0;
    const large = createDataset({
      name: 'large',
      classNames: ['a', 'b', 'c', 'd'],
      template: '{}',
      imagePolicy: 'reference',
      get train() {
        reads++;
        return items(30);
      },
      val: [],
      test: [],
    });
    Object.defineProperty(large, 'digest', { get: () => expect.fail('the digest was asked for') });
    const novel = createDataPipeline().subset(large, { shots: 2, seed: 1, classes: 'novel' });
    expect(novel.train).toHaveLength(2);
    expect(reads).toBe(1);
  });
});

describe('threads', () => {
  const output = fileURLToPath(new URL('../../node_modules/.image-worker/', import.meta.url));
  afterAll(() => rm(output, { recursive: true, force: true }));

  it('prepare the same values, hand errors of the data on, and end', async () => {
    const core = fileURLToPath(new URL('../../../core/src/portable.ts', import.meta.url));
    await build({
      configFile: false,
      logLevel: 'error',
      resolve: { alias: { '@promptweave/core/portable': core } },
      ssr: { noExternal: ['@promptweave/core'] },
      build: { ssr: fileURLToPath(new URL('./image-worker.ts', import.meta.url)), outDir: output, emptyOutDir: true },
    });
    const pool = createWorkerPool(2, pathToFileURL(`${output}image-worker.js`));
    pool.begin(); // before there is an image
    const task = (parts: Partial<ImageTask>): ImageTask => ({
      source: file,
      id: 'a.jpg',
      where: '/photos/a.jpg',
      policy: 'reference',
      format,
      approximate: false,
      keep: false,
      ...parts,
    });
    const image = await decodeImage(file, 'reference', 'a.jpg');
    const expected = preprocessForEvaluation(image, format);
    const prepared = await Promise.all([1, 2, 3].map(() => pool.run(task({ keep: true }))));
    for (const { values, image: kept } of prepared) {
      expect(values).toEqual(expected);
      expect(kept?.width).toBe(150);
    }
    expect((await pool.run(task({ source: image }))).values).toEqual(expected);
    const failure = await pool.run(task({ source: file.subarray(0, 300) })).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DatasetError);
    expect(failure).toMatchObject({ where: '/photos/a.jpg', remedy: expect.stringContaining('Replace') });
    const lost = pool.run(task({})).catch((error: Error) => error.message);
    await pool.close();
    expect(await lost).toMatch(/were ended/);
    await expect(pool.run(task({}))).rejects.toThrow(/were ended/);
  });

  it('that cannot start fail their tasks', async () => {
    const pool = createWorkerPool(1, new URL('./absent.js', import.meta.url));
    const image = {
      source: file,
      id: 'a',
      where: 'a',
      policy: 'custom',
      format: { ...format, size: 8 },
      approximate: false,
      keep: false,
    } as const;
    await expect(pool.run(image)).rejects.toThrow(/absent/);
    await pool.close();
  });
});
