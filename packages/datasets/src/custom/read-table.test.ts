import { DatasetError } from '@promptweave/core';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useTrees } from '../tree.test.helper.js';
import type { Splits } from '../readers/splits.js';
import { readTable } from './read-table.js';

const writeTree = useTrees();

const ROWS = ['cat', 'dog'].flatMap((label) => [0, 1].map((i) => ({ path: `pics/${label}/${i}.png`, label })));
const PATHS = ROWS.map(({ path }) => path);

async function tableOf(content: string | Buffer, name = 'list.csv'): Promise<Splits> {
  return readTable(join(await writeTree({ [name]: content }), name), 1);
}
const all = ({ train, val, test }: Splits): string[] => [...train, ...val, ...test].map(({ id }) => id).sort();
const lines = (heading: string, row: (one: { path: string; label: string }, i: number) => string, end = '\n'): string =>
  [heading, ...ROWS.map(row), ''].join(end);

async function refused(table: Promise<Splits>): Promise<DatasetError> {
  const error: unknown = await table.catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(DatasetError);
  expect((error as DatasetError).remedy).toBeTruthy();
  expect((error as DatasetError).message.length).toBeLessThan(700);
  return error as DatasetError;
}

describe('tables as others write them', () => {
  const named = (columns: string): string[] => [`Columns are read by their meaning: ${columns}.`];
  const cases: [string, string | Buffer, string[]][] = [
    ['commas', lines('path,label', ({ path, label }) => `${path},${label}`), []],
    ['tabs', lines('path\tlabel', ({ path, label }) => `${path}\t${label}`), []],
    ['semicolons and CRLF', lines('path;label', ({ path, label }) => `${path};${label}`, '\r\n'), []],
    ['bars', lines('path|label', ({ path, label }) => `${path}|${label}`), []],
    ["Excel's first line", `sep=;\r\n${lines('path;label', ({ path, label }) => `${path};${label}`, '\r\n')}`, []],
    ["an old Mac's line ends", lines('path,label', ({ path, label }) => `${path},${label}`, '\r'), []],
    ['mixed line ends', lines('path,label\r', ({ path, label }) => `${path},${label}`), []],
    ['UTF-8 with its mark', `\ufeff${lines('path,label', ({ path, label }) => `${path},${label}`)}`, []],
    ['UTF-16', Buffer.from(`\ufeff${lines('path,label', ({ path, label }) => `${path},${label}`)}`, 'utf16le'), []],
    [
      'UTF-16, big end first',
      Buffer.from(`\ufeff${lines('path,label', ({ path, label }) => `${path},${label}`)}`, 'utf16le').swap16(),
      [],
    ],
    ['quotes', lines('"path","label"', ({ path, label }) => `"${path}","${label}"`), []],
    ['spaces after commas', lines('path, label', ({ path, label }) => `${path}, "${label}"`), []],
    ['empty rows of a spreadsheet', `${lines('path,label', ({ path, label }) => `${path},${label}`)},\n,\n`, []],
    ['capitals', lines('Path,LABEL', ({ path, label }) => `${path},${label}`), []],
    [
      "open_clip's names",
      lines('filepath\ttitle', ({ path, label }) => `${path}\t${label}`),
      named('"filepath" as path, "title" as label'),
    ],
    [
      'words with signs between them',
      lines('Image Path,class-name', ({ path, label }) => `${path},${label}`),
      named('"Image Path" as path, "class-name" as label'),
    ],
    [
      "pandas' index",
      lines(',path,label', ({ path, label }, i) => `${i},${path},${label}`),
      ['1 column of the table is not used: one without a name.'],
    ],
    [
      'other columns',
      lines('file,width,category,label_id', ({ path, label }) => `${path},7,${label},1`),
      [...named('"file" as path, "category" as label'), '2 columns of the table are not used: "width", "label_id".'],
    ],
    [
      "Windows' paths",
      lines('path,label', ({ path, label }) => `${path.replaceAll('/', '\\')},${label}`),
      ["Backslashes in 4 paths read as Windows' separators of folders."],
    ],
    [
      'the wanted name beside another',
      lines('path,label,file', ({ path, label }) => `${path},${label},x`),
      ['1 column of the table is not used: "file".'],
    ],
  ];
  it.each(cases)('%s', async (_, content, notes) => {
    const splits = await tableOf(content);
    expect(splits.classNames).toEqual(['cat', 'dog']);
    expect(all(splits)).toEqual(PATHS);
    expect(splits.notes).toEqual(notes);
  });

  it('JSON Lines with other names and lists of one label', async () => {
    const text = ROWS.map(({ path, label }) => JSON.stringify({ file_name: path, label: [label] })).join('\r\n');
    const splits = await tableOf(text, 'metadata.jsonl');
    expect([splits.classNames, all(splits)]).toEqual([['cat', 'dog'], PATHS]);
    expect(splits.notes).toEqual(named('"file_name" as path'));
  });

  it('one list in JSON', async () => {
    const splits = await tableOf(JSON.stringify(ROWS), 'list.json');
    expect([splits.classNames, all(splits)]).toEqual([['cat', 'dog'], PATHS]);
  });

  it('names beside an index of the classes', async () => {
    const rows = ROWS.map(({ path, label }) => `${path},${label === 'cat' ? 0 : 1},${label}`);
    const splits = await tableOf(['path,label,class_name', ...rows].join('\n'));
    expect(splits.classNames).toEqual(['cat', 'dog']);
    expect(splits.notes).toEqual([...named('"class_name" as label'), '1 column of the table is not used: "label".']);
  });

  it('absolute paths inside the folder, also by way of a link to it', async () => {
    const root = await writeTree({});
    const link = `${root}-link`;
    await symlink(root, link);
    for (const [folder, written] of [
      [root, root],
      [link, link],
      [link, root],
    ]) {
      await writeFile(
        join(root, 'x.csv'),
        lines('path,label', ({ path, label }) => `${written}/${path},${label}`),
      );
      const splits = await readTable(join(folder, 'x.csv'), 1);
      expect(all(splits)).toEqual(PATHS);
      expect(splits.notes).toEqual(['4 absolute paths inside the folder of the images taken relative to it.']);
    }
  });

  it.skipIf(process.platform === 'win32')('a file whose name holds a backslash is found', async () => {
    const root = await writeTree({ 'x.csv': 'path,label\na\\1.png,a\na\\2.png,a\nb/1.png,b\nb/2.png,b\n' });
    await writeFile(join(root, 'a\\1.png'), '');
    expect(all(await readTable(join(root, 'x.csv'), 1))).toEqual(['a\\1.png', 'a\\2.png', 'b/1.png', 'b/2.png']);
  });

  it('splits as others call them', async () => {
    const splits = await tableOf('path,label,Subset\na,x,training\nb,y,Train\nc,x,validation\n');
    expect([splits.train.length, splits.val.length, splits.test.length]).toEqual([2, 0, 1]);
    expect(splits.notes).toContain('There is no test split: tested on the images of val.');
  });

  it('numbers as labels and white space around labels are told', async () => {
    const numbered = await tableOf('path,label\na,007\nb,007\nc,1\nd,1\n');
    expect(numbered.classNames).toEqual(['007', '1']); // text, not the number 7
    expect(numbered.notes?.[0]).toMatch(/labels are numbers \(007, 1\)/);
    const { classNames, notes } = await tableOf('path,label\na,x \nb,x \nc,y\nd,y\n');
    expect(classNames).toEqual(['x', 'y']);
    expect(notes).toEqual(['White space around 2 labels left out, such as "x " (line 2).']);
  });

  it('names with commas are names', async () => {
    const splits = await tableOf('path,label\na,"tench, Tinca tinca"\nb,"tench, Tinca tinca"\nc,dog\nd,dog\n');
    expect(splits.classNames).toEqual(['dog', 'tench, Tinca tinca']);
  });
});

describe('tables that are refused show what was found', () => {
  const several = /one image has one label/;
  const cases: [string, string, string, RegExp, string][] = [
    [
      'another heading',
      'x.csv',
      'photo_id,kind\na,b\n',
      /no column called path and none called label.*"photo_id", "kind"/,
      'line 1',
    ],
    [
      'no heading',
      'x.csv',
      'pics/a.png,cat\npics/b.png,dog\n',
      /first line is no heading, but: "pics\/a\.png", "cat"/,
      'line 1',
    ],
    [
      'two columns for one thing',
      'x.csv',
      'filename,image_path,label\na,b,c\n',
      /could be the path: "filename", "image_path"/,
      '',
    ],
    ['one name twice', 'x.csv', 'path,label,Label\na,b,c\n', /could be the label: "label", "Label"/, ''],
    ['other fields of JSON', 'x.jsonl', '{"id":"a","tag":"b"}\n', /no column called path.*"id", "tag"/, 'x.jsonl'],
    [
      'a line of JSON that is a list',
      'x.jsonl',
      '{"path":"a","label":"b"}\n["a","b"]\n',
      /row 2 is a list of 2/,
      'line 2',
    ],
    ['a list of JSON that is cut short', 'x.json', '[{"path":"a"', /begins like a list in JSON/, 'x.json'],
    ['a path outside', 'x.csv', 'path,label\n/elsewhere/a.png,b\n', /does not lie inside/, 'line 2'],
    ['a Windows path outside', 'x.csv', 'path,label\nD:\\a\\b.png,b\n', /does not lie inside/, 'line 2'],
    ['a climbing Windows path', 'x.csv', 'path,label\n..\\a.png,b\n', /does not lie inside/, 'line 2'],
    ['an address', 'x.csv', 'path,label\nhttps://a.example/b.png,b\n', /is an address/, 'line 2'],
    ['no label', 'x.csv', 'path,label\na,b\nc,\n', /label of "c" is nothing/, 'line 3'],
    ['a label of spaces', 'x.jsonl', '{"path":"a","label":"  "}\n', /label of "a"/, 'line 1'],
    ['a list of labels', 'x.jsonl', '{"path":"a","label":["b","c"]}\n', several, 'line 1'],
    ['no label in a list', 'x.jsonl', '{"path":"a","label":[]}\n', /label of "a" is nothing/, 'line 1'],
    ['labels joined by semicolons', 'x.csv', 'path,label\na,b;c\nd,e;c\n', several, 'line 3'],
    ['no row', 'x.csv', 'path,label\n', /has no rows/, 'x.csv'],
    ['joined labels', 'x.csv', 'path,label\na,b|c\n', several, 'line 2'],
    ['labels joined by commas', 'x.csv', 'path,label\na,b\nc,d\ne,"b,d"\n', several, 'line 4'],
    ["Python's list of labels", 'x.csv', "path,label\na,\"['b', 'c']\"\n", /a list: .* one label/, 'line 2'],
    ['two rows for an image', 'x.csv', 'path,label\na,b\na,c\n', several, 'x.csv'],
    [
      'white space that differs',
      'x.csv',
      'path,label\na,b\nc,"b "\n',
      /white space alone: "b" \(line 2\) and "b " \(line 3\)/,
      '',
    ],
    ['case that differs', 'x.csv', 'path,label\na,Cat\nc,cat\n', /same name for the model: "Cat" and "cat"/, ''],
    ['a name without an end', 'x.csv', `path,label\na,${'x'.repeat(500_000)}\n`, /name of 500,000 characters/, ''],
    ['a row without an end', 'x.csv', `path,label\n"a,${'x'.repeat(2_000_000)}\n`, /cannot be read/, 'line 2'],
    ...['-1', '1.0', '2.5', '-0.5', '1e9', '99999999999999999999'].map(
      (label): [string, string, string, RegExp, string] => [
        `the number ${label}`,
        'x.csv',
        `path,label\na,0\nb,${label}\n`,
        /label of "b" is .* which is no class/,
        'line 3',
      ],
    ),
    ...['-1', '2.5', '1e300', '12345678901234567890', 'true', 'null', '{"a":1}'].map(
      (label): [string, string, string, RegExp, string] => [
        `${label} in JSON`,
        'x.jsonl',
        `{"path":"a","label":0}\n{"path":"b","label":${label}}\n`,
        /label of "b" is /,
        'line 2',
      ],
    ),
  ];
  it.each(cases)('%s', async (_, name, content, message, where) => {
    const error = await refused(tableOf(content, name));
    expect(error.message).toMatch(message);
    expect(error.where).toContain(where);
    expect(error.remedy).not.toMatch(/remove|delete/i);
  });

  it('UTF-16 without its mark, and bytes of no text', async () => {
    expect((await refused(tableOf(Buffer.from('path,label\na,b\n', 'utf16le')))).message).toMatch(/code 0/);
    expect((await refused(tableOf(Buffer.from([0x89, 0x50, 0x4e, 0x47])))).message).toMatch(/not UTF-8/);
    expect((await refused(tableOf(Buffer.from([0xff, 0xfe, 0x00, 0xd8])))).message).toMatch(/UTF-16/);
  });
});
