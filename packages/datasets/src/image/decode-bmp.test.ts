import { readFileSync } from 'node:fs';
import { DatasetError } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode.js';

const folder = new URL('../../fixtures/bitmaps/', import.meta.url);
const read = (name: string): Buffer => readFileSync(new URL(name, folder));
interface Expected {
  readonly width: number;
  readonly height: number;
  readonly rgb: number[];
}
/** What Pillow says: see scripts/make-bitmap-fixtures.py. */
const expected: Record<string, Expected> = JSON.parse(read('bitmaps.json').toString());

describe('bitmaps', () => {
  it.each(Object.keys(expected))('%s: the values of Pillow', async (name) => {
    const { width, height, rgb } = expected[name];
    for (const policy of ['reference', 'custom'] as const) {
      const image = await decodeImage(read(name), policy, name);
      expect([image.width, image.height]).toEqual([width, height]);
      expect([...image.data]).toEqual(rgb);
    }
  });

  const changed = (change: (file: Buffer) => void): Buffer => {
    const file = Buffer.from(read('rgb-24.bmp'));
    change(file);
    return file;
  };
  it.each([
    ['compressed', changed((file) => file.writeUInt32LE(1, 30)), /compressed pixels/],
    ['cut short', read('rgb-24.bmp').subarray(0, 100), /ends too early/],
    ['cut in the header', read('rgb-24.bmp').subarray(0, 20), /ends in its header/],
    ['of a huge size', changed((file) => file.writeInt32LE(0x7fffffff, 18)), /ends too early/],
    ['without a width', changed((file) => file.writeInt32LE(0, 18)), /0 × 5/],
    ['of another depth', changed((file) => file.writeUInt16LE(7, 28)), /7 bits a pixel/],
    ['with another header', changed((file) => file.writeUInt32LE(13, 14)), /damaged header/],
  ])('%s: refused', async (_, file, message) => {
    const error: unknown = await decodeImage(file, 'custom', 'x.bmp').catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(DatasetError);
    expect((error as DatasetError).message).toMatch(message);
  });
});
