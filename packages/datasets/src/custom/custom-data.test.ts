import { readFile } from 'node:fs/promises';
import type { Dataset } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { createDataPipeline } from '../pipeline/data-pipeline.js';
import { images, png, read, useOwnData } from './custom-data.test.support.js';

const writeTree = useOwnData();
const formatFixture = (name: string): Promise<Buffer> =>
  readFile(new URL(`../../fixtures/formats/${name}`, import.meta.url));
const ids = (items: Dataset['train']): string[] => items.map(({ id }) => id);

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

  it('takes words for folders, over classnames.txt, and refuses a folder that is not there', async () => {
    const root = await writeTree(images('', ['cows & bulls_2024', 'IMG_2'], 4));
    const names = { 'cows & bulls_2024': 'cow' };
    expect((await read('folder', root, { path: '.', names })).classNames).toEqual(['IMG_2', 'cow']);
    const listed = await writeTree({ ...images('', ['a', 'b'], 4), 'classnames.txt': 'a ant\n' });
    expect((await read('folder', listed, { path: '.', names: { b: 'bee' } })).classNames).toEqual(['ant', 'bee']);
    const whole = await writeTree({ ...images('', ['a', 'b'], 4), 'classnames.txt': 'a ant\nb bee\n' });
    expect((await read('folder', whole, { path: '.', names: { b: 'bear' } })).classNames).toEqual(['ant', 'bear']);
    await expect(read('folder', root, { path: '.', names: { cows: 'cow' } })).rejects.toThrow(
      /"cows", which is not there/,
    );
    await expect(read('folder', root, { path: '.', names: { IMG_2: ' ' } })).rejects.toThrow(/empty name/);
  });

  it('takes further class folders from elsewhere, behind classes and images that stay as they are', async () => {
    const root = await writeTree({ ...images('data/', ['a', 'b'], 10), ...images('more/', ['0new'], 6) });
    const before = await read('folder', root, { path: 'data' });
    const after = await read('folder', root, { path: 'data', with: ['more/0new'], names: { '0new': 'new' } });
    expect(after.classNames).toEqual(['a', 'b', 'new']);
    for (const split of ['train', 'val', 'test'] as const) {
      expect(ids(after[split]).slice(0, before[split].length)).toEqual(ids(before[split]));
      const added = after[split].slice(before[split].length);
      expect(added.map(({ label }) => label)).toEqual(
        Array.from({ length: { train: 3, val: 1, test: 2 }[split] }, () => 2),
      );
    }
    expect(await after.train.at(-1)!.load()).toEqual(png);
    await expect(read('folder', root, { path: 'data', with: ['data/a'] })).rejects.toThrow(/"a" is there already/);
    await expect(read('folder', root, { path: 'data', with: ['gone'] })).rejects.toThrow(
      /folder of a class is missing/,
    );
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
      'owl/still.gif': png,
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
      '1 of 3 classes have fewer training images than dataset.shots=3 takes: c 2.',
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
