import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { DatasetError } from '@promptweave/core';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import { decodeImage } from './decode.js';
import { kindOf } from './kind.js';

interface Expected {
  readonly width: number;
  readonly height: number;
  /** Largest allowed difference of a value. */
  readonly within: number;
  readonly rgb: readonly number[];
}

const folder = new URL('../../fixtures/formats/', import.meta.url);
const read = (name: string): Buffer => readFileSync(new URL(name, folder));
const expected = JSON.parse(read('formats.json').toString()) as Record<string, Expected>;

describe('a photo of its owner', () => {
  it.each(Object.keys(expected))('%s keeps its range: the pixels that numpy computes', async (name) => {
    const { width, height, within, rgb } = expected[name]!;
    const image = await decodeImage(read(name), 'custom', name);
    expect([image.width, image.height]).toEqual([width, height]);
    const worst = Math.max(...rgb.map((value, i) => Math.abs(value - image.data[i]!)));
    expect(worst).toBeLessThanOrEqual(within);
  });

  it('is read by what it is, whatever it is called', async () => {
    const jpeg = await decodeImage(read('phone.heic'), 'custom', 'IMG_1.jpeg');
    expect([jpeg.width, jpeg.height]).toEqual([16, 12]);
  });

  it.each([['float-outside.tif', 'its pixels are real numbers from -30000 to']])(
    '%s is refused by name',
    async (name, reason) => {
      const failure = await decodeImage(read(name), 'custom', name).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(DatasetError);
      expect((failure as DatasetError).message).toContain(reason);
      expect((failure as DatasetError).where).toBe(name);
    },
  );
});

describe('what is no image', () => {
  it.each([
    ['a PDF document', Buffer.from('%PDF-1.7\n')],
    ['a pointer of Git LFS', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')],
    ['a web page', Buffer.from('<!DOCTYPE html><html></html>')],
    ['a compressed archive', Buffer.from('PK\x03\x04rest')],
    ['a Photoshop document', Buffer.from('8BPS\0\x01')],
    ['plain text', Buffer.from('hello there')],
  ])('is told for what it is: %s', async (what, file) => {
    await expect(decodeImage(file, 'custom', 'a.jpg')).rejects.toThrow(`it is ${what}`);
  });
});

describe('what would fill the memory or never end', () => {
  it('a picture of too many pixels is refused by its header', async () => {
    const file = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#000' } })
      .png()
      .toBuffer();
    file.writeUInt32BE(9500, 16);
    file.writeUInt32BE(9500, 20);
    file.writeUInt32BE(crc32(file.subarray(12, 29)), 29);
    const failure = await decodeImage(file, 'custom', 'big.png').catch((error: unknown) => error);
    expect((failure as DatasetError).message).toContain(
      'it has 9500 × 9500 pixels; of such a file at most 89 million pixels are decoded',
    );
    expect((failure as DatasetError).remedy).toContain('Make it smaller');
  });

  it('a drawing whose filters do not end is given up, and the next one is read', async () => {
    const noise = `<svg xmlns="http://www.w3.org/2000/svg" width="3000" height="3000"><filter id="f" x="0" y="0" width="1" height="1">
      <feTurbulence baseFrequency="0.9" numOctaves="1000"/></filter><rect width="3000" height="3000" filter="url(#f)"/></svg>`;
    const [begun, wait] = [performance.now(), promisify(setTimeout)];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const refused = expect(decodeImage(Buffer.from(noise), 'custom', 'noise.svg')).rejects.toThrow(
      /more than 8 seconds|too much memory/,
    );
    await wait(1000); // it is being drawn
    await vi.advanceTimersByTimeAsync(9000);
    await refused;
    vi.useRealTimers();
    expect(performance.now() - begun).toBeLessThan(8000); // the clock that ended it is the false one
    const plain =
      '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10" fill="#00f"/></svg>';
    const { data } = await decodeImage(Buffer.from(plain), 'custom', 'plain.svg');
    expect([...data.subarray(0, 3)]).toEqual([0, 0, 255]);
  }, 30_000);

  it('a drawing does not show files of this machine', async () => {
    const link = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="16" height="12"><rect width="16" height="12" fill="#fff"/>
      <image width="16" height="12" xlink:href="${new URL('animated.webp', folder).href}"/></svg>`;
    const { data } = await decodeImage(Buffer.from(link), 'custom', 'link.svg');
    expect(data.every((value) => value === 255)).toBe(true);
  });
});

it('a file is known by its first bytes', () => {
  expect(kindOf(read('phone.heic'))).toBe('heic');
  expect(kindOf(read('grey16.png'))).toBe('pixels');
  expect(kindOf(Buffer.from('<?xml version="1.0"?><svg/>'))).toBe('drawing');
});
