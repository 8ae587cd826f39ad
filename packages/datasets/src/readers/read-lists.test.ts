import { join } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { readFolder } from '../custom/read-folder.js';
import { useTrees } from '../tree.test.helper.js';
import { readAircraft } from './read-aircraft.js';
import { readCifar100 } from './read-cifar.js';
import { readImageNet, readNumberedFolders } from './read-imagenet.js';
import { readSplitJson } from './read-split-json.js';

const writeTree = useTrees();

async function refused(read: Promise<unknown>): Promise<DatasetError> {
  const error: unknown = await read.catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(DatasetError);
  expect((error as DatasetError).remedy).toBeTruthy();
  return error as DatasetError;
}
const images = (...paths: string[]): Record<string, string> => Object.fromEntries(paths.map((path) => [path, '']));

describe('a split file', () => {
  const read = async (train: unknown): Promise<unknown> => {
    const root = await writeTree({ 'x.json': JSON.stringify({ train, test: [['z.png', 0, 'fox']] }) });
    return readSplitJson(join(root, 'x.json'), root);
  };

  it.each([
    [-1, /label is -1/],
    [1.5, /label is 1\.5/],
    ['1', /label is "1"/],
    [2, /label is 2, but there are 2 images/],
    [2 ** 60, /label is 1152921504606847000; labels are whole/],
    [[0, 1], /label is a list of 2/],
    [null, /label is nothing/],
  ])('with the label %j is refused by its row', async (label, message) => {
    const error = await refused(read([['a.png', label, 'owl']]));
    expect(error.message).toMatch(message);
    expect(error.where).toMatch(/x\.json, train\[0\]$/);
  });

  it.each([
    [['a.png', 0], /row is \["a\.png", 0\]; it must be/],
    [['a.png', 0, ['fox', 'red']], /row is \["a\.png", 0, a list of 2\]/],
    [{ path: 'a.png' }, /row is an object/],
    [['a.png', 0, 'owl'], /label 0 has two names, "fox" and "owl"|"owl" and "fox"/],
    [['a.png', 0, ''], /empty name/],
    [['../a.png', 0, 'fox'], /does not lie inside/],
  ])('with the row %j is refused', async (row, message) => {
    expect((await refused(read([row]))).message).toMatch(message);
  });

  it.each([
    ['[]', /another form: it is a list of 0/],
    ['7', /another form: it is 7/],
    ['null', /another form: "train" is nothing/],
    ['{"train":[]}', /another form: "test" is nothing/],
    ['{"train":[],"val":{},"test":[]}', /another form: "val" is an object/],
    ['{"train":[', /not JSON/],
  ])('that is %s is refused', async (content, message) => {
    const root = await writeTree({ 'x.json': content });
    expect((await refused(readSplitJson(join(root, 'x.json'), root))).message).toMatch(message);
  });

  it("may have Windows' paths, which is said", async () => {
    const root = await writeTree({
      'x.json': JSON.stringify({ train: [['a\\b.png', 0, 'fox']], test: [['c.png', 1, 'owl']] }),
    });
    const { train, notes } = await readSplitJson(join(root, 'x.json'), root);
    expect(train[0].id).toBe('a/b.png');
    expect(notes).toEqual(["Backslashes in 1 path read as Windows' separators of folders."]);
  });
});

describe('classnames.txt', () => {
  const files = images('red fox/1.png', 'red fox/2.png', 'owl/1.png', 'owl/2.png');
  const read = async (text: string, more = files): Promise<Awaited<ReturnType<typeof readFolder>>> =>
    readFolder(await writeTree({ ...more, 'classnames.txt': text }), { splitSeed: 1 });

  it("may have tabs and an old Mac's line ends", async () => {
    expect((await read('red fox\tRed Fox\rowl\tsnowy owl\r')).classNames).toEqual(['snowy owl', 'Red Fox']);
  });

  it('finds folders that a Mac named', async () => {
    const more = images('cafe\u0301/1.png', 'cafe\u0301/2.png', 'bar/1.png', 'bar/2.png');
    expect((await read('caf\u00e9 coffee house\nbar bar\n', more)).classNames).toEqual(['bar', 'coffee house']);
  });

  it('that names more than there is, is told', async () => {
    expect((await read('red fox\tfox\nowl\towl\ncat\tcat\n')).notes).toEqual([
      'classnames.txt names 1 folder that is not there: cat.',
    ]);
  });

  it.each([
    ['a', /"a" has no class name/, 'line 1'],
    ['a b\n\nc', /"c" has no class name/, 'line 3'],
    ['a b\na c', /"a" is named twice/, 'line 2'],
    ['a b\u0001', /control characters/, 'line 1'],
    [`a ${'x'.repeat(10_000)}`, /name of 10,000 characters/, 'line 1'],
  ])('%j is refused by its line', async (text, message, line) => {
    const error = await refused(read(text));
    expect(error.message).toMatch(message);
    expect(error.where).toContain(line);
  });
});

it('a class that is spelled otherwise in test is shown with its twin', async () => {
  const both = (name: string): string[] => [`train/${name}/1.png`, `test/${name}/1.png`];
  const root = await writeTree(images(...both('owl'), 'train/cafe\u0301/1.png', 'test/caf\u00e9/1.png'));
  const error = await refused(readFolder(root, { splitSeed: 1 }));
  expect(error.message).toMatch(/no training images: there the folder is .*they look alike/);
});

it('folders of a test set without a class are told', async () => {
  const classes = { 'classnames.txt': 'n1 fox\nn2 owl\n' };
  const imagenet = await writeTree({
    ...classes,
    ...images(...['train/n1', 'train/n2', 'val/n1', 'val/n2', 'val/n3'].map((folder) => `images/${folder}/1.png`)),
  });
  expect((await readImageNet(imagenet)).notes).toEqual(['1 folder in images/val/ of no known class left out: n3.']);
  const numbered = await writeTree({ ...classes, ...images('v/0/1.png', 'v/1/1.png', 'v/2/1.png') });
  expect((await readNumberedFolders(numbered, 'v')).notes).toEqual(['1 folder in v/ of no known class left out: 2.']);
});

it('an aircraft that is listed twice does not lose the images of the first', async () => {
  const lists = {
    'images_variant_train.txt': '1 A\n',
    'images_variant_val.txt': '',
    'images_variant_test.txt': '2 B\n',
  };
  const twice = await refused(readAircraft(await writeTree({ ...lists, 'variants.txt': 'A\nB\nA\n' })));
  expect(twice).toMatchObject({
    message: expect.stringContaining('"A" is named twice'),
    where: expect.stringContaining('line 3'),
  });
  const unknown = await refused(readAircraft(await writeTree({ ...lists, 'variants.txt': 'A\n' })));
  expect(unknown.where).toContain('images_variant_test.txt, line 1');
});

it('a label of CIFAR beyond the classes is refused by its record', async () => {
  const root = await writeTree({
    'fine_label_names.txt': 'apple\nbear\n',
    'train.bin': Buffer.alloc(3074 * 2, 2),
    'test.bin': Buffer.alloc(3074),
  });
  expect((await refused(readCifar100(root))).message).toBe('Record 0 has the label 2, but there are 2 classes.');
});
