import { join } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { picture, writeTree } from '../tree.test.helper.js';
import { readTable } from './read-table.js';

const png = await picture(5);
const pairs = ['cat', 'dog'].flatMap((name) => [0, 1, 2].map((i) => [`photos/${name}/${i}.png`, name] as const));
const images = Object.fromEntries(pairs.map(([path]) => [path, png]));

/** Reads a list of six images of two classes. */
async function read(name: string, content: string | Buffer | ((root: string) => string)) {
  const root = await writeTree(images);
  const { writeFile } = await import('node:fs/promises');
  await writeFile(join(root, name), typeof content === 'function' ? content(root) : content);
  const splits = await readTable(join(root, name), 1);
  const items = [...splits.train, ...splits.val, ...splits.test].map(({ id, label }) => [id, splits.classNames[label]]);
  return { items: items.sort(([a], [b]) => (a! < b! ? -1 : 1)), notes: splits.notes ?? [] };
}

const lines = (heading: string, sign: string, rows: readonly (readonly string[])[] = pairs, end = '\n'): string =>
  [heading, ...rows.map((row) => row.join(sign))].map((line) => line + end).join('');
const utf16 = (text: string): Buffer => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);

describe('a list of images as programs write it', () => {
  it.each<[string, string, string | Buffer | ((root: string) => string)]>([
    ['tabs, as open_clip reads it', 'a.csv', lines('filepath\ttitle', '\t')],
    ['tabs in a .tsv', 'a.tsv', lines('path\tlabel', '\t')],
    ['semicolons, as spreadsheets of half of Europe write it', 'a.csv', lines('path;label', ';', pairs, '\r\n')],
    ['bars', 'a.txt', lines('path|label', '|')],
    ['a byte-order mark', 'a.csv', `\ufeff${lines('path,label', ',')}`],
    ['UTF-16', 'a.csv', utf16(lines('path,label', ',', pairs, '\r\n'))],
    ['line ends of old Macs', 'a.csv', lines('path,label', ',', pairs, '\r')],
    ['headings in capitals', 'a.csv', lines('Path,Label', ',')],
    ['headings with spaces', 'a.csv', lines('File Name,Class Name', ',')],
    [
      'quotes',
      'a.csv',
      lines(
        '"path","label"',
        ',',
        pairs.map((row) => row.map((cell) => `"${cell}"`)),
      ),
    ],
    [
      "pandas' index",
      'a.csv',
      lines(
        ',path,label',
        ',',
        pairs.map((row, i) => [`${i}`, ...row]),
      ),
    ],
    [
      'an index beside the names',
      'a.csv',
      lines(
        'path,label,class_name',
        ',',
        pairs.map(([path, name]) => [path, name === 'cat' ? '0' : '1', name]),
      ),
    ],
    [
      'paths of Windows',
      'a.csv',
      lines(
        'path,label',
        ',',
        pairs.map(([path, name]) => [path.replaceAll('/', '\\'), name]),
      ),
    ],
    [
      'absolute paths',
      'a.csv',
      (root) =>
        lines(
          'path,label',
          ',',
          pairs.map(([path, name]) => [join(root, path), name]),
        ),
    ],
    ['JSON lines', 'a.jsonl', pairs.map(([path, label]) => JSON.stringify({ path, label })).join('\n')],
    ['a list in JSON', 'a.json', JSON.stringify(pairs.map(([file_name, category]) => ({ file_name, category })))],
    [
      'labels in lists of one',
      'a.jsonl',
      pairs.map(([path, label]) => JSON.stringify({ path, label: [label] })).join('\n'),
    ],
  ])('%s', async (_, name, content) => {
    const { items } = await read(name, content);
    expect(items).toEqual(pairs.map(([path, label]) => [path, label]));
  });

  it('says which columns it took, where they are not called path and label', async () => {
    const { notes } = await read('a.csv', lines('filepath,title', ','));
    expect(notes).toContain('Paths are read from the column "filepath", labels from "title".');
  });

  it('says that numbers stand as names', async () => {
    const { items, notes } = await read(
      'a.csv',
      lines(
        'path,label',
        ',',
        pairs.map(([path, name]) => [path, name === 'cat' ? '007' : '1']),
      ),
    );
    expect(items[0]).toEqual(['photos/cat/0.png', '007']); // text, not the number 7
    expect(notes.join()).toContain('The labels are numbers (007, 1), and stand as class names as they are');
  });
});

describe('a list that cannot be used', () => {
  const fails = async (name: string, content: string | Buffer): Promise<DatasetError> => {
    const failure: unknown = await read(name, content).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DatasetError);
    return failure as DatasetError;
  };

  it('shows the heading that it found', async () => {
    const { message } = await fails('a.csv', lines('photo,kind', ','));
    expect(message).toContain(
      'its headings are "photo", "kind", and none of them is known as the path (path, filepath',
    );
  });

  it.each<[string, string, string]>([
    ['two rows of one image', 'a.csv', `${lines('path,label', ',')}photos/cat/0.png,animal\n`],
    [
      'a list of labels',
      'a.jsonl',
      pairs.map(([path, label]) => JSON.stringify({ path, label: [label, 'animal'] })).join('\n'),
    ],
    [
      'labels joined by a bar',
      'a.csv',
      lines(
        'path,label',
        ',',
        pairs.map(([path, name]) => [path, `${name}|animal`]),
      ),
    ],
  ])('says plainly that one image has one label: %s', async (_, name, content) => {
    const { message, remedy } = await fails(name, content);
    expect(message).toContain('one image has one label');
    expect(remedy).not.toMatch(/remove|delete/i);
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['a picture', png, /no text in UTF-8 or UTF-16/],
    ['zeros', Buffer.alloc(1000), /no text in UTF-8 or UTF-16/],
    ['a path outside', 'path,label\n/etc/hostname,a\n', /does not lie inside/],
    ['a row of ten million letters', `path,label\n${'a'.repeat(10_000_000)},b\n`, /cannot be read/],
  ])('is told: %s', async (_, content, message) => {
    expect((await fails('a.csv', content)).message).toMatch(message);
  });
});
