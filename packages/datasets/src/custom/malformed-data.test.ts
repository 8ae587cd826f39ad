import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError, type Dataset } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { images, png, read, useOwnData } from './custom-data.test.support.js';

const writeTree = useOwnData();

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
