import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError, type Dataset } from '@promptweave/core';
import { basicServices } from '@promptweave/core/experiment';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createDataPipeline } from '../pipeline/data-pipeline.js';
import { plugins } from '../plugins.js';
import { picture, useTrees } from '../tree.test.helper.js';

const writeTree = useTrees();

const png = await picture(5);

beforeAll(async () => {
  vi.stubEnv('PROMPTWEAVE_CACHE', await writeTree({}));
});

/** Reads as an experiment does: by plugin name and options. */
async function read(use: string, folder: string, options: Record<string, unknown>, seed = 1): Promise<Dataset> {
  const plugin = plugins.find(({ name }) => name === use);
  if (plugin?.kind !== 'dataset') throw new Error(`no data set plugin ${use}`);
  return plugin.create({ folder, seed, services: basicServices(seed) }, plugin.options.parse(options));
}
const formatFixture = (name: string): Promise<Buffer> =>
  readFile(new URL(`../../fixtures/formats/${name}`, import.meta.url));
const ids = (items: Dataset['train']): string[] => items.map(({ id }) => id);

/** `count` images in each class folder. */
function images(prefix: string, classes: string[], count: number): Record<string, Buffer> {
  return Object.fromEntries(
    classes.flatMap((name) => Array.from({ length: count }, (_, i) => [`${prefix}${name}/${i}.png`, png])),
  );
}

describe('a folder of class folders', () => {
  it('with train, val and test is read as it lies', async () => {
    const root = await writeTree({
      ...images('data/train/', ['red_fox', 'owl'], 2),
      ...images('data/val/', ['owl'], 1),
      ...images('data/test/', ['owl', 'red_fox'], 1),
      'data/train/owl/notes.txt': 'no image',
      'data/train/.DS_Store': '',
    });
    const dataset = await read('folder', root, { path: 'data' });
    expect(dataset).toMatchObject({ name: 'data', template: 'a photo of a {}.', imagePolicy: 'custom' });
    expect(dataset.classNames).toEqual(['owl', 'red_fox']);
    expect(dataset.train.map(({ id, label }) => [id, label])).toEqual([
      ['train/owl/0.png', 0],
      ['train/owl/1.png', 0],
      ['train/red_fox/0.png', 1],
      ['train/red_fox/1.png', 1],
    ]);
    expect([ids(dataset.val), ids(dataset.test)]).toEqual([
      ['val/owl/0.png'],
      ['test/owl/0.png', 'test/red_fox/0.png'],
    ]);
    expect(await dataset.test[0].load()).toEqual(png);
  });

  it('takes names from classnames.txt', async () => {
    const root = await writeTree({ ...images('', ['c1', 'c2'], 4), 'classnames.txt': 'c2 snowy owl\nc1 red fox\n' });
    expect((await read('folder', root, { path: '.' })).classNames).toEqual(['red fox', 'snowy owl']);
  });

  it('tests on val where there is no test', async () => {
    const root = await writeTree({ ...images('train/', ['a', 'b'], 1), ...images('val/', ['a', 'b'], 1) });
    const dataset = await read('folder', root, { path: '.' });
    expect([ids(dataset.val), ids(dataset.test)]).toEqual([[], ['val/a/0.png', 'val/b/0.png']]);
  });

  it('without splits is split 50 : 20 : 30 in every class by its own seed, the same for all runs', async () => {
    const root = await writeTree(images('', ['a', 'b'], 10));
    const dataset = await read('folder', root, { path: '.' });
    const counts = [dataset.train, dataset.val, dataset.test].map((items) =>
      [0, 1].map((label) => items.filter((item) => item.label === label).length),
    );
    expect(counts).toEqual([
      [5, 5],
      [2, 2],
      [3, 3],
    ]);
    const all = [...ids(dataset.train), ...ids(dataset.val), ...ids(dataset.test)];
    expect(new Set(all).size).toBe(20);
    expect(ids((await read('folder', root, { path: '.' }, 2)).test)).toEqual(ids(dataset.test));
    expect(ids((await read('folder', root, { path: '.', splitSeed: 2 })).test)).not.toEqual(ids(dataset.test));
  });
});

describe('what lies in a folder otherwise', () => {
  it('folders below the class folders are the class, and said; other files are counted by their endings', async () => {
    const root = await writeTree({
      ...images('owl/', ['day', 'night'], 2),
      ...images('', ['owl', 'fox'], 2),
      ...{ 'fox/a.psd': '', 'fox/night/b.MP4': '', 'owl/c.psd': '', 'loose.jpg': png, 'readme.md': '' },
      ...{ '__MACOSX/owl/._0.png': '', 'fox/._0.png': '', 'fox/.DS_Store': '', 'fox/@eaDir/thumb.jpg': png },
      ...{
        'fox/.ipynb_checkpoints/0-checkpoint.png': png,
        'Thumbs.db': '',
        'fox/photo.jfif': png,
        'fox/photo.jpe': png,
      },
    });
    const dataset = await read('folder', root, { path: '.' });
    expect(dataset.classNames).toEqual(['fox', 'owl']);
    const all = [...dataset.train, ...dataset.val, ...dataset.test];
    expect(all.filter(({ label }) => label === 0)).toHaveLength(4);
    expect(all.filter(({ label }) => label === 1)).toHaveLength(6);
    expect(dataset.notes).toEqual([
      '1 image without a class left out: loose.jpg.',
      '3 files of formats that are not read are left out (.psd 2, .mp4 1), such as fox/a.psd.',
      '4 of 10 images lie in folders below the class folders (such as owl/day/0.png) and belong to the class of the folder above.',
      '2 images in hidden files and folders of systems left out: fox/.ipynb_checkpoints, fox/@eaDir.',
    ]);
  });

  it('images of several frames or pages are counted and named, for the first is read', async () => {
    const [gif, webp] = await Promise.all(['animated.gif', 'animated.webp'].map(formatFixture));
    const one = await writeTree({
      ...images('', ['owl', 'fox'], 4),
      'owl/still.gif': await picture(5),
      'owl/a.gif': gif,
    });
    const told = '1 image has several frames or pages; the first is read: owl/a.gif.';
    expect((await read('folder', one, { path: '.' })).notes).toEqual([told]);

    const many = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`i/${i}.webp`, webp]));
    const rows = Object.keys(many).map((path, i) => `${path},${i % 2},${i < 4 ? 'train' : 'test'}`);
    const list = ['path,label,split', ...rows].join('\n');
    const split = (from: number, to: number): unknown[] =>
      rows.slice(from, to).map((row) => [row.split(',')[0], Number(row.split(',')[1]), `c${row.split(',')[1]}`]);
    const json = JSON.stringify({ train: split(0, 4), val: [], test: split(4, 6) });
    const root = await writeTree({ ...many, 'list.csv': list, 'split.json': json });
    const which = '6 images have several frames or pages; the first of each is read: ';
    const names = 'i/0.webp, i/1.webp, i/2.webp, i/3.webp, i/4.webp and 1 more.';
    expect((await read('table', root, { path: 'list.csv' })).notes).toContain(which + names);
    expect((await read('split', root, { path: 'split.json' })).notes).toEqual([which + names]);
  });

  it('bitmaps are images', async () => {
    const bitmap = await readFile(new URL('../../fixtures/bitmaps/rgb-24.bmp', import.meta.url));
    const root = await writeTree({ ...images('', ['owl', 'fox'], 4), 'owl/a.bmp': bitmap, 'fox/b.BMP': bitmap });
    const { train, val, test, notes } = await read('folder', root, { path: '.' });
    expect([train.length + val.length + test.length, notes]).toEqual([10, []]);
  });

  it('folders that may be groups of classes are refused until somebody says what they are', async () => {
    const root = await writeTree({ ...images('c/', ['cat', 'car'], 2), ...images('d/', ['dog'], 2) });
    await expect(read('folder', root, { path: '.' })).rejects.toThrow(
      /hold no images themselves, but 3 folders: c\/car/,
    );
    expect((await read('folder', root, { path: '.', level: 2 })).classNames).toEqual(['car', 'cat', 'dog']);
    expect((await read('folder', root, { path: '.', level: 1 })).classNames).toEqual(['c', 'd']);
  });

  it('splits are found as others call them, and folders beside them are told', async () => {
    const root = await writeTree({
      ...images('Train/', ['a', 'b'], 1),
      ...images('valid/', ['a', 'b'], 1),
      ...images('extra/', ['a'], 1),
    });
    const dataset = await read('folder', root, { path: '.' });
    expect([ids(dataset.train), ids(dataset.test)]).toEqual([
      ['Train/a/0.png', 'Train/b/0.png'],
      ['valid/a/0.png', 'valid/b/0.png'],
    ]);
    expect(dataset.notes).toEqual([
      '1 folder beside Train/, valid/ left out: extra.',
      'There is no test split: tested on the images of valid/.',
    ]);
  });

  it('a class may be called as a split is', async () => {
    const root = await writeTree(images('', ['training', 'racing'], 4));
    expect((await read('folder', root, { path: '.' })).classNames).toEqual(['racing', 'training']);
  });

  it('classes that look alike are refused', async () => {
    const root = await writeTree(images('', ['caf\u00e9', 'cafe\u0301'], 4));
    await expect(read('folder', root, { path: '.' })).rejects.toThrow(/same name.*they look alike/);
  });

  it('a class of other formats is named by them', async () => {
    const root = await writeTree({ ...images('', ['a', 'b'], 4), 'c/x.psd': '', 'c/y.psd': '' });
    await expect(read('folder', root, { path: '.' })).rejects.toThrow(/no images that are read: its files are \.psd 2/);
  });

  it('more shots than images are said', async () => {
    const root = await writeTree({
      ...images('train/', ['a', 'b'], 3),
      ...images('train/', ['c'], 2),
      ...images('test/', ['a'], 1),
    });
    const { subset } = createDataPipeline();
    const dataset = await read('folder', root, { path: '.' });
    expect(subset(dataset, { shots: 3, seed: 1, classes: 'all' }).notes).toEqual([
      '1 of 3 classes have fewer training images than the 3 shots asked for: c 2.',
    ]);
    expect(subset(dataset, { shots: 3, seed: 1, classes: 'base' }).notes).toEqual([]);
  });
});

describe('tables', () => {
  const files = { 'pics/a.png': png, 'pics/b, c.png': png, 'pics/d.png': png };

  it('CSV with splits, domains and quoted cells', async () => {
    const csv =
      '\ufeffpath,label,split,domain\r\npics/a.png,owl,train,photo\r\n"pics/b, c.png",fox,train,\r\n./pics/d.png,owl,test,sketch\r\n';
    const root = await writeTree({ ...files, 'list.csv': csv });
    const dataset = await read('table', root, { path: 'list.csv', template: 'an icon of {}' });
    expect(dataset).toMatchObject({ name: 'list', template: 'an icon of {}', classNames: ['fox', 'owl'] });
    expect(dataset.train.map(({ id, label, domain }) => [id, label, domain])).toEqual([
      ['pics/a.png', 1, 'photo'],
      ['pics/b, c.png', 0, undefined],
    ]);
    expect(ids(dataset.test)).toEqual(['pics/d.png']);
    expect(await dataset.train[1].load()).toEqual(png);
  });

  it('JSON Lines without splits', async () => {
    const lines = ['a', 'b', 'c', 'd'].flatMap((name, i) => [
      JSON.stringify({ path: `${name}.png`, label: i % 2 }),
      JSON.stringify({ path: `${name}2.png`, label: i % 2 }),
    ]);
    const root = await writeTree({ 'list.jsonl': lines.join('\n') });
    const dataset = await read('table', root, { path: 'list.jsonl' });
    expect(dataset.classNames).toEqual(['0', '1']);
    expect([dataset.train.length, dataset.val.length, dataset.test.length]).toEqual([4, 2, 2]);
    expect(ids((await read('table', root, { path: 'list.jsonl' }, 2)).test)).toEqual(ids(dataset.test));
    const other = await Promise.all(
      [2, 3, 4].map((splitSeed) => read('table', root, { path: 'list.jsonl', splitSeed })),
    );
    expect(other.some(({ test }) => ids(test).join() !== ids(dataset.test).join())).toBe(true);
  });

  it('a split file of its own', async () => {
    const train = [
      ['a.png', 0, 'fox'],
      ['b, c.png', 1, 'owl'],
    ];
    const split = { train, test: [['d.png', 1, 'owl']] };
    const root = await writeTree({ ...files, 'mine.json': JSON.stringify(split) });
    const dataset = await read('split', root, { path: 'mine.json', images: 'pics' });
    expect(await dataset.test[0].load()).toEqual(png);
  });
});

describe('malformed data ends in a DatasetError', () => {
  const table = async (name: string, content: string): Promise<Dataset> =>
    read('table', await writeTree({ [name]: content }), { path: name });
  const folder = async (files: Record<string, string | Buffer>): Promise<Dataset> =>
    read('folder', await writeTree(files), { path: '.' });
  const split = async (train: unknown[], test: unknown[]): Promise<Dataset> =>
    read('split', await writeTree({ 'mine.json': JSON.stringify({ train, test }) }), { path: 'mine.json' });
  const fox = ['a.png', 0, 'fox'];
  const owl = ['b.png', 1, 'owl'];
  const cases: [string, () => Promise<Dataset>, RegExp][] = [
    ['no such folder', () => read('folder', '/', { path: '/nowhere/at/all' }), /missing or cannot be read/],
    ['an empty folder', () => folder({}), /no class folders/],
    ['an empty class', () => folder({ ...images('', ['a'], 4), 'b/readme.md': '' }), /holds no images/],
    ['one class', () => folder(images('', ['a'], 4)), /at least 2 classes/],
    ['names that differ in case and underscores', () => folder(images('', ['Red_Fox', 'red fox'], 4)), /same name/],
    ['one image to split', () => folder(images('', ['a', 'b'], 1)), /too few to split/],
    ['a test without train', () => folder(images('test/', ['a', 'b'], 1)), /none named train/],
    [
      'a class in test alone',
      () => folder({ ...images('train/', ['a', 'b'], 1), ...images('test/', ['c'], 1) }),
      /"c" has no training images/,
    ],
    ['no such table', () => read('table', '/', { path: '/nowhere.csv' }), /missing/],
    ['an empty table', () => table('x.csv', ''), /has no rows/],
    ['a row that is too long', () => table('x.csv', 'path,label\na,b,c\n'), /cannot be read/],
    [
      'two labels with one name in a split file',
      async () => {
        const rows = [
          ['a.png', 0, 'fox'],
          ['b.png', 1, 'Fox'],
        ];
        const root = await writeTree({ 'mine.json': JSON.stringify({ train: rows, test: rows }) });
        return read('split', root, { path: 'mine.json' });
      },
      /same name for the model: "fox" and "Fox"/,
    ],
    ['an open quote', () => table('x.csv', 'path,label\n"a,b\n'), /cannot be read/],
    ['a line that is not JSON', () => table('x.jsonl', '{"path":"a","label":"b"}\n{"pa'), /line 2 is not JSON/],
    ['an unknown split', () => table('x.csv', 'path,label,split\na,b,some\n'), /row is wrong/],
    ['an absolute path', () => table('x.csv', 'path,label\n/etc/hostname,b\n'), /does not lie inside/],
    ['a Windows path', () => table('x.csv', 'path,label\nC:\\x.png,b\n'), /does not lie inside/],
    ['a path that climbs out', () => table('x.csv', 'path,label\n../a.png,b\n'), /does not lie inside/],
    ['splits in some rows', () => table('x.csv', 'path,label,split\na,b,train\nc,d,\n'), /1 of 2 rows name no split/],
    [
      'an image in two splits of a table',
      () => table('x.csv', 'path,label,split\na,b,train\nc,d,train\n./a,b,test\n'),
      /"a" is in two splits, train and test \(line 2 and line 4\)/,
    ],
    [
      'an image under two labels in a table',
      () => table('x.jsonl', '{"path":"a","label":"b"}\n\n{"path":"a","label":"d"}\n'),
      /"a" has two labels, "b" and "d" \(line 1 and line 3\)/,
    ],
    [
      'an image that a table lists twice',
      () => table('x.csv', 'path,label\na,b\nc,d\na,b\n'),
      /"a" is listed twice \(line 2 and line 4\)/,
    ],
    [
      'an image in two splits of a split file',
      () => split([fox, owl], [owl]),
      /"b\.png" is in two splits, train and test \(train\[1\] and test\[0\]\)/,
    ],
    [
      'an image under two labels in a split file',
      () => split([fox, owl], [['a.png', 1, 'owl']]),
      /"a\.png" has two labels, "fox" and "owl" \(train\[0\] and test\[0\]\)/,
    ],
    ['an image that a split file lists twice', () => split([fox, owl, fox], []), /"a\.png" is listed twice/],
    ['a class without training images in a split file', () => split([fox], [owl]), /"owl" has no training images/],
    [
      'a class without training rows',
      () => table('x.csv', 'path,label,split\na,b,train\nc,d,test\n'),
      /"d" has no training images/,
    ],
  ];
  it.each(cases)('%s', async (_, run, message) => {
    const failure = await run().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DatasetError);
    const { message: text, where, remedy } = failure as DatasetError;
    expect(text).toMatch(message);
    expect(where).toBeTruthy();
    expect(remedy).toBeTruthy();
  });

  it('a row is named by its line', async () => {
    await expect(table('x.csv', 'path,label\na.png,b\n,c\n')).rejects.toMatchObject({
      where: expect.stringContaining('x.csv, line 3'),
    });
  });

  it('symbolic links: followed to files, refused in a loop', async () => {
    const root = await writeTree({ ...images('', ['a', 'b'], 4), 'elsewhere/x.png': png });
    await symlink(join(root, 'elsewhere'), join(root, 'c'));
    await writeFile(join(root, 'c/y.png'), png);
    expect((await read('folder', root, { path: '.' })).classNames).toEqual(['a', 'b', 'c', 'elsewhere']);
    await symlink(join(root, 'loop'), join(root, 'loop'));
    await expect(read('folder', root, { path: '.' })).rejects.toThrow(/nowhere or in a loop/);
  });

  // Other file systems do not take such names in the first place.
  it.runIf(process.platform === 'linux')('names that are not UTF-8', async () => {
    const root = await writeTree(images('', ['a', 'b'], 4));
    await mkdir(join(root, 'a'), { recursive: true });
    await writeFile(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.from([0xff, 0xfe]), Buffer.from('.png')]), png);
    await expect(read('folder', root, { path: '.' })).rejects.toMatchObject({
      message: expect.stringContaining('not UTF-8'),
      where: join(root, 'a'),
    });
  });

  it.skipIf(process.platform === 'win32')('a pipe in the place of an image does not hang the listing', async () => {
    const root = await writeTree(images('', ['a', 'b'], 4));
    execFileSync('mkfifo', [join(root, 'a/pipe.png')]);
    await expect(read('folder', root, { path: '.' })).rejects.toThrow(/neither a file nor a folder/);
  });
});
