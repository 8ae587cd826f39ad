import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError, type Dataset } from '@promptweave/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkBenchmark, checkDataset, type CheckDepth } from '../check-dataset.js';
import { decodeImage } from '../image/decode.js';
import { picture, useTrees } from '../tree.test.helper.js';
import { readBenchmark } from './read-benchmark.js';
import { BENCHMARK, type BenchmarkEntry } from './table.js';

const writeTree = useTrees();

const entryOf = (name: string): BenchmarkEntry => BENCHMARK.find((entry) => entry.name === name) as BenchmarkEntry;
const png = await picture(9);

/** A record of CIFAR's binary version: all red planes `red`, the others 1 and 2. */
const record = (label: number, red: number): Buffer =>
  Buffer.concat([Buffer.from([0, label]), Buffer.alloc(1024, red), Buffer.alloc(1024, 1), Buffer.alloc(1024, 2)]);

/** Every data set with two or three classes, in its own layout. */
async function writeRoot(): Promise<string> {
  const files: Record<string, string | Buffer> = {};
  const folders = 'n02 great_cat\nn01 small dog\n'; // not in the order of the folders
  for (const { name, folder, layout } of BENCHMARK) {
    const put = (path: string, content: string | Buffer = png): void => {
      files[`${folder}/${path}`] = content;
    };
    if (layout.kind === 'split') {
      const prefix = layout.images === '.' ? '' : `${layout.images}/`;
      const split = {
        train: [
          ['b/1.png', 1, 'dog'],
          ['a/1.png', 0, 'cat'],
        ],
        val: [['a/2.png', 0, 'cat']],
        test: [['b/2.png', 1, 'dog']],
      };
      put(layout.split, JSON.stringify(split));
      for (const path of ['a/1.png', 'a/2.png', 'b/1.png', 'b/2.png']) put(prefix + path);
    }
    if (layout.kind === 'imagenet') {
      put('classnames.txt', folders);
      for (const path of ['train/n01/x_2.JPEG', 'train/n01/x_10.JPEG', 'train/n02/y.JPEG']) put(`images/${path}`);
      for (const path of ['val/n01/v1.JPEG', 'val/n02/v2.JPEG']) put(`images/${path}`);
    }
    if (layout.kind === 'sorted-folders') {
      put('classnames.txt', folders);
      put(`${layout.images}/README.txt`, 'not a class');
      for (const path of ['n01/1.jpg', 'n02/2.jpg']) put(`${layout.images}/${path}`);
    }
    if (layout.kind === 'numbered-folders') {
      put('classnames.txt', folders);
      for (const path of ['0/z.jpeg', '1/a.jpeg']) put(`${layout.images}/${path}`);
    }
    if (layout.kind === 'aircraft') {
      put('variants.txt', '707-320\nA300 B4\n');
      put('images_variant_train.txt', '0002 A300 B4\n0001 707-320\n');
      put('images_variant_val.txt', '0003 707-320\n');
      put('images_variant_test.txt', '0004 A300 B4\n');
      for (const id of ['0001', '0002', '0003', '0004']) put(`images/${id}.jpg`);
    }
    if (layout.kind === 'cifar') {
      put('cifar-100-binary/fine_label_names.txt', 'apple\naquarium_fish\n\n');
      put('cifar-100-binary/train.bin', Buffer.concat([record(1, 7), record(0, 8)]));
      put('cifar-100-binary/test.bin', record(1, 9));
    }
    expect(
      Object.keys(files).some((path) => path.startsWith(`${folder}/`)),
      name,
    ).toBe(true);
  }
  return writeTree(files);
}

let root: string;
beforeEach(async () => {
  root = await writeRoot();
  vi.stubEnv('PROMPTWEAVE_CACHE', join(root, 'cache'));
});
afterEach(() => vi.unstubAllEnvs());

/** `val/` as the archive unpacks it. */
async function flattenVal(): Promise<void> {
  const val = join(root, 'imagenet/images/val');
  await rm(val, { recursive: true });
  await mkdir(val);
  for (const name of ['ILSVRC2012_val_00000001.JPEG', 'ILSVRC2012_val_00000002.JPEG'])
    await writeFile(join(val, name), png);
}

function loseNumberedFolder(): Promise<void> {
  return rm(join(root, 'imagenetv2/imagenetv2-matched-frequency-format-val/1'), { recursive: true });
}

const rows = (items: Dataset['train']): [string, number][] => items.map(({ id, label }) => [id, label]);
const read = (name: string): Promise<Dataset> => readBenchmark(entryOf(name), root);

describe('every data set of the papers', () => {
  it.each(BENCHMARK)(
    '$name: its items load, labels fit the classes, the reference policy and its template',
    async (entry) => {
      const dataset = await readBenchmark(entry, root);
      expect(dataset).toMatchObject({ name: entry.name, template: entry.template, imagePolicy: 'reference' });
      expect(entry.template).toContain('{}');
      const items = [...dataset.train, ...dataset.val, ...dataset.test];
      expect(dataset.train.length > 0).toBe(entry.images.train !== undefined);
      expect(dataset.val.length > 0).toBe(entry.images.val !== undefined);
      expect(dataset.test.length).toBeGreaterThan(0);
      for (const item of items) {
        expect(dataset.classNames[item.label]).toBeTypeOf('string');
        expect((await decodeImage(await item.load(), 'reference', item.id)).width).toBeGreaterThan(0);
      }
    },
  );

  it('is in the table once, with 15 names besides ImageNet', () => {
    expect(new Set(BENCHMARK.map(({ name }) => name)).size).toBe(16);
    expect(new Set(BENCHMARK.map(({ folder }) => folder)).size).toBe(16);
  });
});

describe('labels and order', () => {
  it('of a split file are its own', async () => {
    const pets = await read('oxford_pets');
    expect(pets.classNames).toEqual(['cat', 'dog']);
    expect(rows(pets.train)).toEqual([
      ['b/1.png', 1],
      ['a/1.png', 0],
    ]);
  });

  it('of ImageNet follow the sorted folders, whatever the order of the names', async () => {
    const imagenet = await read('imagenet');
    expect(imagenet.classNames).toEqual(['small dog', 'great_cat']);
    expect(rows(imagenet.train)).toEqual([
      ['images/train/n01/x_10.JPEG', 0],
      ['images/train/n01/x_2.JPEG', 0],
      ['images/train/n02/y.JPEG', 1],
    ]);
    expect(rows(imagenet.test)).toEqual([
      ['images/val/n01/v1.JPEG', 0],
      ['images/val/n02/v2.JPEG', 1],
    ]);
  });

  it("of ImageNetV2 are the folders' numbers, with names in the order of the file", async () => {
    const v2 = await read('imagenetv2');
    expect(v2.classNames).toEqual(['great_cat', 'small dog']);
    expect(v2.test.map(({ label }) => label)).toEqual([0, 1]);
  });

  it('of the aircraft follow variants.txt', async () => {
    expect(rows((await read('fgvc_aircraft')).train)).toEqual([
      ['images/0002.jpg', 1],
      ['images/0001.jpg', 0],
    ]);
  });

  it('of CIFAR-100 are the fine ones, and the planes become pixels', async () => {
    const { classNames, train, test } = await read('cifar100');
    expect(classNames).toEqual(['apple', 'aquarium_fish']);
    expect(rows(train)).toEqual([
      ['train/0', 1],
      ['train/1', 0],
    ]);
    const { data } = await decodeImage(await test[0].load(), 'reference', 'x');
    expect([...data.subarray(0, 6), data.length]).toEqual([9, 1, 2, 9, 1, 2, 32 * 32 * 3]);
    expect((await decodeImage(await train[1].load(), 'reference', 'x')).data[0]).toBe(8);
  });
});

describe('the listing cache', () => {
  it('is used while a folder is unchanged, and not when it has changed', async () => {
    const folder = join(root, 'imagenet/images/train/n01');
    await utimes(folder, 1000, 1000);
    expect((await read('imagenet')).train).toHaveLength(3);
    await writeFile(join(folder, 'new.JPEG'), png);
    await utimes(folder, 1000, 1000); // looks unchanged
    expect((await read('imagenet')).train).toHaveLength(3);
    await utimes(folder, 2000, 2000);
    expect((await read('imagenet')).train).toHaveLength(4);
  });

  it('may be in a place that cannot be written', async () => {
    vi.stubEnv('PROMPTWEAVE_CACHE', join(root, 'imagenet/classnames.txt')); // no folder
    expect((await read('imagenet')).train).toHaveLength(3);
  });

  it('is written anew when it was cut short', async () => {
    await read('imagenet');
    const { readdir } = await import('node:fs/promises');
    const listings = join(root, 'cache/listings');
    const names = await readdir(listings);
    for (const name of names) await writeFile(join(listings, name), '{"n01": {"modif');
    expect((await read('imagenet')).train).toHaveLength(3);
    expect((await readdir(listings)).sort()).toEqual(names.sort());
  });
});

describe('an image', () => {
  it('says where it lies: its path, or its file and place in it', async () => {
    expect((await read('oxford_pets')).train[0].where).toBe(join(root, 'oxford_pets/images/b/1.png'));
    const { train, test } = await read('cifar100');
    expect(train[1].where).toBe(`${join(root, 'cifar-100/cifar-100-binary/train.bin')}, image 1`);
    expect([test[0].id, train[1].id]).toEqual(['test/0', 'train/1']);
  });
});

describe('malformed data', () => {
  const pets = 'oxford_pets/split_zhou_OxfordPets.json';
  const split = (rows: unknown): string => JSON.stringify({ train: rows, val: [], test: [['a/1.png', 0, 'cat']] });
  const cases: [string, string, () => Promise<unknown>, RegExp][] = [
    ['a missing folder', 'dtd', () => rm(join(root, 'dtd'), { recursive: true }), /data set dtd is not there/],
    ['a missing split file', 'oxford_pets', () => rm(join(root, pets)), /missing/],
    ['a split file that is cut short', 'oxford_pets', () => writeFile(join(root, pets), '{"train": [["a'), /not JSON/],
    ['another form', 'oxford_pets', () => writeFile(join(root, pets), '{"train": 3, "test": []}'), /another form/],
    [
      'an absolute path',
      'oxford_pets',
      () => writeFile(join(root, pets), split([['/etc/hostname', 0, 'cat']])),
      /does not lie inside/,
    ],
    [
      'a path that climbs out',
      'oxford_pets',
      () => writeFile(join(root, pets), split([['a/../../x.png', 0, 'cat']])),
      /does not lie inside/,
    ],
    [
      'a label with two names',
      'oxford_pets',
      () => writeFile(join(root, pets), split([['a/1.png', 0, 'dog']])),
      /two names/,
    ],
    [
      'a label without images',
      'oxford_pets',
      () => writeFile(join(root, pets), split(['a/1.png', 'b/1.png'].map((path) => [path, 2, 'dog']))),
      /No image has the label 1/,
    ],
    [
      'a label that is larger than the number of images',
      'oxford_pets',
      () => writeFile(join(root, pets), split([['a/1.png', 2_000_000_000, 'dog']])),
      /The label is 2000000000, but there are 2 images/,
    ],
    [
      'no images',
      'oxford_pets',
      () => writeFile(join(root, pets), '{"train":[],"val":[],"test":[]}'),
      /names no images/,
    ],
    [
      'bytes that are not UTF-8',
      'oxford_pets',
      () => writeFile(join(root, pets), Buffer.from([0x7b, 0xff, 0x7d])),
      /not UTF-8/,
    ],
    [
      'a folder without a class name',
      'imagenet_a',
      () => mkdir(join(root, 'imagenet-adversarial/imagenet-a/n99')).then(() => undefined),
      /n99/,
    ],
    [
      'an empty class folder',
      'imagenet_r',
      () => rm(join(root, 'imagenet-rendition/imagenet-r/n01/1.jpg')),
      /holds no images/,
    ],
    ['validation images without class folders', 'imagenet', flattenVal, /folder of a class is missing/],
    ['a numbered folder that is missing', 'imagenetv2', loseNumberedFolder, /folder of a class is missing/],
    ['names without a line', 'imagenetv2', () => writeFile(join(root, 'imagenetv2/classnames.txt'), '\n'), /no class/],
    [
      'a folder that is named twice',
      'imagenet_sketch',
      () => writeFile(join(root, 'imagenet-sketch/classnames.txt'), 'n01 a\nn01 b\n'),
      /named twice/,
    ],
    [
      'a variant that does not exist',
      'fgvc_aircraft',
      () => writeFile(join(root, 'fgvc_aircraft/images_variant_val.txt'), '0001 737\n'),
      /names no variant/,
    ],
    [
      'CIFAR cut short',
      'cifar100',
      () => writeFile(join(root, 'cifar-100/cifar-100-binary/train.bin'), record(0, 1).subarray(1)),
      /not whole/,
    ],
    [
      'a CIFAR label out of range',
      'cifar100',
      () => writeFile(join(root, 'cifar-100/cifar-100-binary/test.bin'), record(7, 1)),
      /label 7/,
    ],
  ];
  it.each(cases)('%s (%s) ends in a DatasetError that says where', async (_, name, damage, message) => {
    await damage();
    const failure = await read(name)
      .then((dataset) => dataset.train.length)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DatasetError);
    const { where, remedy, message: text } = failure as DatasetError;
    expect(text).toMatch(message);
    expect(where).toContain(root);
    expect(remedy).toBeTruthy();
  });

  it('a missing image is named when it is loaded', async () => {
    const dataset = await read('oxford_pets');
    await rm(join(root, 'oxford_pets/images/b/1.png'));
    await expect(dataset.train[0].load()).rejects.toMatchObject({
      name: 'DatasetError',
      message: 'The file is missing.',
      where: join(root, 'oxford_pets/images/b/1.png'),
    });
  });
});

describe('the report', () => {
  it('says of each data set what is there, beside the published counts', async () => {
    await rm(join(root, 'dtd'), { recursive: true });
    await writeFile(join(root, 'eurosat/split_zhou_EuroSAT.json'), '{');
    const reports = await checkBenchmark(root);
    expect(reports).toHaveLength(16);
    const of = (name: string) => reports.find((report) => report.name === name);
    expect(of('oxford_pets')).toMatchObject({
      state: 'ok',
      classes: { found: 2, published: 37 },
      train: { found: 2, published: 2944 },
      val: { found: 1, published: 736 },
    });
    expect(of('dtd')).toMatchObject({ state: 'absent', origin: expect.stringContaining('dtd') });
    expect(of('eurosat')).toMatchObject({ state: 'broken', problem: { message: 'The split file is not JSON.' } });
  });

  it('names a set whose class folders are not there as broken, and goes on with the others', async () => {
    await flattenVal();
    await loseNumberedFolder();
    const reports = await checkBenchmark(root);
    const broken = reports.filter(({ state }) => state !== 'ok');
    expect(broken.map(({ name, state, problem }) => [name, state, problem?.where])).toEqual([
      ['imagenet', 'broken', expect.stringMatching(/imagenet\/images\/val\/n0\d$/)],
      ['imagenetv2', 'broken', join(root, 'imagenetv2/imagenetv2-matched-frequency-format-val/1')],
    ]);
    expect(broken.every(({ problem }) => problem?.remedy)).toBe(true);
    expect(reports).toHaveLength(16);
  });

  it('looks at lists alone, or for files, or into them', async () => {
    const pets = entryOf('oxford_pets');
    await rm(join(root, 'oxford_pets/images/a/2.png'));
    await writeFile(join(root, 'oxford_pets/images/b/2.png'), png.subarray(0, 40));
    const looked = async (depth: CheckDepth): Promise<string[] | undefined> => {
      const { state, test, unreadable } = await checkDataset(pets, root, { depth });
      expect([state, test?.found]).toEqual(['ok', 1]);
      return unreadable?.map(({ id }) => id);
    };
    expect(await looked('listing')).toBeUndefined();
    expect(await looked('files')).toEqual(['a/2.png']);
    expect(await looked('decode')).toEqual(['a/2.png', 'b/2.png']);
  });

  it('names unreadable images', async () => {
    await writeFile(join(root, 'oxford_pets/images/a/2.png'), png.subarray(0, 40));
    await writeFile(join(root, 'oxford_pets/images/b/2.png'), '');
    const progress: number[] = [];
    const { unreadable } = await checkDataset(entryOf('oxford_pets'), root, {
      depth: 'decode',
      onProgress: (done) => progress.push(done),
    });
    expect(unreadable?.map(({ id }) => id)).toEqual(['a/2.png', 'b/2.png']);
    expect(unreadable?.[1].message).toContain('empty');
    expect(progress.at(-1)).toBe(4);
  });
});
