import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasMoreFrames } from './more-frames.js';

const fixture = (name: string): Promise<Buffer> => readFile(new URL(`../../fixtures/formats/${name}`, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frames-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(name: string, content: Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** Pictures of noise below each other: as many frames, none like another. */
function strip(frames: number, side: number): Sharp {
  const pixels = Uint8Array.from({ length: frames * side * side * 3 }, (_, i) => (i * i * 31 + i * 7) % 256);
  return sharp(pixels, { raw: { width: side, height: frames * side, channels: 3, pageHeight: side } });
}

describe('frames and pages', () => {
  const formats = ['gif', 'webp', 'tiff'] as const;

  it.each(
    formats.flatMap((format) => [1, 2, 5].flatMap((frames) => [8, 200].map((side) => ({ format, frames, side })))),
  )('of $format, $frames of $side pixels: as libvips counts', async ({ format, frames, side }) => {
    const content = await strip(frames, side).toFormat(format).toBuffer();
    const { pages = 1 } = await sharp(content).metadata();
    expect(pages).toBe(frames);
    expect(await hasMoreFrames(await written(`${frames}-${side}.${format}`, content))).toBe(frames > 1);
  });

  it.each([
    ['a GIF of another encoder', 'animated.gif', true],
    ['a WebP of another encoder', 'animated.webp', true],
    ['a single photo in HEIC', 'phone.heic', false],
    ['a single TIFF', 'rgb16.tif', false],
  ])('%s', async (_, name, expected) => {
    expect(await hasMoreFrames(await written(name, await fixture(name)))).toBe(expected);
  });

  it.each([
    ['avis', true],
    ['msf1', true],
    ['hevc', true],
    ['avif', false],
    ['heic', false],
  ])('of a file of the brand %s', async (brand, expected) => {
    const content = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}\0\0\0\0mif1miaf`)]);
    expect(await hasMoreFrames(await written('x.avif', content))).toBe(expected);
  });

  it('of a TIFF that brings a smaller copy of its picture', async () => {
    const two = await strip(2, 8).tiff().toBuffer();
    const subfile = two.indexOf(Buffer.from([254, 0, 4, 0, 1, 0, 0, 0]), two.readUInt32LE(4) + 32);
    expect(subfile).toBeGreaterThan(0);
    two.writeUInt32LE(1, subfile + 8);
    expect(await hasMoreFrames(await written('copy.tif', two))).toBe(false);
  });
});

it('what is damaged or missing has none, wherever it is cut', async () => {
  for (const name of ['animated.gif', 'animated.webp']) {
    const whole = await fixture(name);
    for (let length = 0; length < whole.length / 3; length += 7) {
      expect(await hasMoreFrames(await written(`cut-${name}`, whole.subarray(0, length)))).toBe(false);
    }
  }
  expect(await hasMoreFrames(join(folder, 'nowhere.gif'))).toBe(false);
  expect(await hasMoreFrames(folder)).toBe(false);
  const endless = await strip(2, 8).tiff().toBuffer();
  const directory = endless.readUInt32LE(4);
  endless.writeUInt32LE(directory, directory + 2 + 12 * endless.readUInt16LE(directory));
  expect(await hasMoreFrames(await written('endless.tif', endless))).toBe(false);
});
