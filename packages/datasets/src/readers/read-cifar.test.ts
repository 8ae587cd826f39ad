import { DatasetError } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../image/decode.js';
import { useTrees } from '../tree.test.helper.js';
import { readCifar100 } from './read-cifar.js';
import { readPickle } from './read-pickle.js';

const writeTree = useTrees();

/* The operations that Python 2's pickle writes at protocol 2, which is how the archive was made. */
const join = (...parts: (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
const text = (value: string): Buffer => join('U', Buffer.from([value.length]), value);
const list = (values: Buffer[]): Buffer => join(']q\x01(', ...values, 'e');
const int = (value: number): Buffer => join('K', Buffer.from([value]));
const dictionary = (entries: [string, Buffer][]): Buffer =>
  join('\x80\x02}q\x00(', ...entries.flatMap(([key, value]) => [text(key), value]), 'u.');
function array(rows: number, pixels: Buffer, type = 'u1'): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(pixels.length);
  const dtype = join(
    'cnumpy\ndtype\nq\x05',
    text(type),
    'K\x00K\x01\x87Rq\x06(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb',
  );
  const shape = join(int(rows), 'M\x00\x0c\x86'); // (rows, 3072)
  return join(
    'cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85U\x01b\x87Rq\x04(K\x01',
    shape,
    dtype,
    '\x89T',
    length,
    pixels,
    'tb',
  );
}
const planes = (red: number): Buffer =>
  Buffer.concat([Buffer.alloc(1024, red), Buffer.alloc(1024, 1), Buffer.alloc(1024, 2)]);
const split = (labels: number[], reds: number[]): Buffer =>
  dictionary([
    ['filenames', list(labels.map((_, i) => text(`${i}.png`)))],
    ['batch_label', text('testing batch 1 of 1')],
    ['fine_labels', list(labels.map(int))],
    ['data', array(labels.length, Buffer.concat(reds.map(planes)))],
  ]);
/** Lists of lists, each twice in the next: 228 bytes whose text has 2⁴⁰ characters. */
const endless = (then: string): Buffer =>
  join(
    ']q\x00',
    ...Array.from({ length: 39 }, (_, i) => Buffer.from([0x28, 0x68, i, 0x68, i, 0x74, 0x71, i + 1])),
    then,
  );
/** A split of one image, whose label is pickled so. */
const withLabel = (label: string, before: Buffer = Buffer.alloc(0)): Buffer =>
  join('\x80\x02', before, '}U\x0bfine_labels](', label, 'esU\x04data', array(1, planes(9)), 's.');
const files = {
  'cifar-100-python/meta': dictionary([['fine_label_names', list([text('apple'), text('aquarium_fish')])]]),
  'cifar-100-python/train': split([1, 0], [7, 8]),
  'cifar-100-python/test': split([1], [9]),
};

describe('the python version', () => {
  it('has names, labels and pixels', async () => {
    const { classNames, train, test } = await readCifar100(await writeTree(files));
    expect(classNames).toEqual(['apple', 'aquarium_fish']);
    expect(train.map(({ id, label }) => [id, label])).toEqual([
      ['train/0', 1],
      ['train/1', 0],
    ]);
    for (const [item, red] of [
      [train[0], 7],
      [train[1], 8],
      [test[0], 9],
    ] as const) {
      const { data } = await decodeImage(await item.load(), 'reference', item.id);
      expect([...data.subarray(0, 6)]).toEqual([red, 1, 2, red, 1, 2]);
    }
  });

  it.each([
    ['cut short', { 'cifar-100-python/train': files['cifar-100-python/train'].subarray(0, 3000) }, /ends too early/],
    [
      'a pickle that calls',
      { 'cifar-100-python/meta': join('\x80\x02cos\nsystem\n(U\x02lstR.') },
      /os\.system, which is not/,
    ],
    [
      'a label below 0',
      { 'cifar-100-python/test': withLabel('J\xff\xff\xff\xff') },
      /image 0 has the label -1, .*0 to 1/,
    ],
    ['a label beyond the classes', { 'cifar-100-python/test': split([2], [9]) }, /image 0 has the label 2/],
    ['a label that is a list', { 'cifar-100-python/test': withLabel(']') }, /image 0 has a label that is no number/],
    ['a text without an end as a key', { 'cifar-100-python/meta': endless('}h\x27K\x01s.') }, /no short text/],
    [
      'a text without an end as an element type',
      { 'cifar-100-python/meta': endless('cnumpy\ndtype\nh\x27\x85R.') },
      /no short text/,
    ],
    [
      'a text without an end as a name',
      { 'cifar-100-python/meta': endless('}U\x10fine_label_names]h\x27as.') },
      /name of class 0 is no short text/,
    ],
    ['a text without an end as a label', { 'cifar-100-python/test': withLabel('h\x27', endless('')) }, /no number/],
    ['another operation', { 'cifar-100-python/meta': join('\x80\x02I12\n.') }, /operation "I" is not allowed/],
    ['a list', { 'cifar-100-python/meta': join(list([]), '.') }, /no dictionary/],
    ['no names', { 'cifar-100-python/meta': dictionary([]) }, /no "fine_label_names"/],
    ['a label out of range', { 'cifar-100-python/test': split([5], [1]) }, /image 0 has the label 5/],
    ['too few pixels', { 'cifar-100-python/test': split([1, 1], [1]) }, /no array of 2/],
  ])('%s: a DatasetError', async (_, damage, message) => {
    const failure = await writeTree({ ...files, ...damage })
      .then(readCifar100)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DatasetError);
    expect((failure as DatasetError).message).toMatch(message);
    expect((failure as DatasetError).where).toContain('cifar-100-python');
  });

  it('ends 300 damaged pickles in a value or an Error', () => {
    let state = 99;
    const draw = (limit: number): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % limit;
    const whole = files['cifar-100-python/meta'];
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(whole);
      for (let flips = 0; flips <= draw(6); flips++) bytes[draw(bytes.length)] = draw(256);
      try {
        expect(readPickle(bytes)).toBeDefined();
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
  });
});
