import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { DatasetError, type Preprocessing } from '@promptweave/core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode.js';
import { evaluationGeometry, preprocessForEvaluation, roundHalfEven } from '@promptweave/core/portable';
import { preprocessFast } from './preprocess-fast.js';

interface Expected {
  width: number;
  height: number;
  rgb: string;
  /** Digests by way of resizing, interpolation and size. */
  evaluation: Record<Preprocessing['resize'], Record<Preprocessing['interpolation'], Record<string, string>>>;
}

const fixtures = new URL('../../fixtures/', import.meta.url);
const expected: Record<string, Expected> = JSON.parse(readFileSync(new URL('images.json', fixtures), 'utf8'));
const read = (name: string): Promise<Buffer> => readFile(new URL(`images/${name}`, fixtures));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const clip: Omit<Preprocessing, 'size'> = {
  resize: 'shortest',
  interpolation: 'bicubic',
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

it('takes the pixels as they are where the sizes are the same', async () => {
  const [name] = Object.keys(expected);
  const image = await decodeImage(await read(name), 'reference', name);
  const { width, height } = image;
  const side = Math.min(width, height);
  const [left, top] = [roundHalfEven((width - side) / 2), roundHalfEven((height - side) / 2)];
  const values = preprocessForEvaluation(image, { ...clip, size: side, mean: [0, 0, 0], std: [1, 1, 1] });
  const found = Uint8Array.from(values, (value) => Math.round(255 * value)); // [3, side, side]
  const taken = Uint8Array.from(found, (_, i) => {
    const [channel, y, x] = [Math.trunc(i / side ** 2), Math.trunc(i / side) % side, i % side];
    return image.data[3 * ((top + y) * width + left + x) + channel];
  });
  expect(found).toEqual(taken);
});

describe('the reference policy', () => {
  it.each(Object.keys(expected))('%s: pixels and model input are those of Pillow, bit for bit', async (name) => {
    const { width, height, rgb, evaluation } = expected[name];
    const image = await decodeImage(await read(name), 'reference', name);
    expect([image.width, image.height]).toEqual([width, height]);
    expect(sha256(image.data)).toBe(rgb);
    for (const resize of ['shortest', 'squash'] as const) {
      for (const interpolation of ['bicubic', 'bilinear'] as const) {
        for (const [size, digest] of Object.entries(evaluation[resize][interpolation])) {
          const way = { resize, interpolation, size: Number(size) };
          const values = preprocessForEvaluation(image, { ...clip, ...way });
          expect([way, sha256(new Uint8Array(values.buffer))]).toEqual([way, digest]);
        }
      }
    }
  });
});

describe('the custom policy', () => {
  it('turns a photograph as its EXIF says', async () => {
    const file = await read('rotated.jpg');
    const upright = await decodeImage(file, 'custom', 'rotated.jpg');
    const stored = await decodeImage(file, 'reference', 'rotated.jpg');
    expect([upright.width, upright.height]).toEqual([stored.height, stored.width]);
    // Orientation 6: the first row of the stored image is the last column of the upright one.
    const corner = [...stored.data.subarray(0, 3)];
    expect([...upright.data.subarray((upright.width - 1) * 3, upright.width * 3)]).toEqual(corner);
  });

  it('lays alpha over white', async () => {
    const { data } = await decodeImage(await read('alpha.png'), 'custom', 'alpha.png');
    expect([...data.subarray(0, 3)]).toEqual([255, 255, 255]);
  });

  it.each(Object.keys(expected))('%s: gives three channels of the stored size', async (name) => {
    const { width, height } = expected[name];
    const image = await decodeImage(await read(name), 'custom', name);
    expect(image.width * image.height).toBe(width * height);
    expect(image.data.length).toBe(width * height * 3);
  });

  it('reads AVIF, close to what was written', async () => {
    const source = await decodeImage(await read('ramp.png'), 'custom', 'ramp.png');
    const file = await sharp(await read('ramp.png'))
      .avif({ quality: 90, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const { data } = await decodeImage(file, 'custom', 'ramp.avif');
    const mean = data.reduce((sum, value, i) => sum + Math.abs(value - source.data[i]), 0) / data.length;
    expect(mean).toBeLessThan(3);
  });

  it('draws SVG on white, at 512 pixels at least', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 10"><rect width="10" height="10" fill="#f00"/></svg>';
    const image = await decodeImage(Buffer.from(svg), 'custom', 'half.svg');
    expect([image.width, image.height]).toEqual([1024, 512]);
    expect([...image.data.subarray(0, 3)]).toEqual([255, 0, 0]);
    expect([...image.data.subarray(1023 * 3, 1024 * 3)]).toEqual([255, 255, 255]);
  });
});

describe('damaged images', () => {
  it.each(['rgb.png', 'photo-420.jpg', 'photo.webp', 'palette.gif', 'photo.tif'])(
    '%s cut short is refused by name',
    async (name) => {
      const file = await read(name);
      const half = file.subarray(0, Math.trunc(file.length / 2));
      for (const policy of ['reference', 'custom'] as const) {
        const failure = await decodeImage(half, policy, `data/${name}`).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(DatasetError);
        expect((failure as DatasetError).where).toBe(`data/${name}`);
      }
    },
  );

  it('refuses an empty file, text, and SVG that is not XML', async () => {
    await expect(decodeImage(Buffer.alloc(0), 'custom', 'a')).rejects.toThrow(/empty/);
    await expect(decodeImage(Buffer.from('hello there'), 'custom', 'b')).rejects.toThrow(DatasetError);
    await expect(decodeImage(Buffer.from('<svg><g></svg>'), 'custom', 'c')).rejects.toThrow(DatasetError);
  });

  it('ends 60 randomly damaged files in pixels or in a DatasetError, never otherwise', async () => {
    let state = 12345;
    const draw = (limit: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % limit;
    const names = Object.keys(expected);
    for (let i = 0; i < 60; i++) {
      const name = names[i % names.length];
      const file = Buffer.from(await read(name));
      for (let flips = 0; flips < 1 + draw(20); flips++) file[draw(file.length)] = draw(256);
      try {
        const { data, width, height } = await decodeImage(file, i % 2 ? 'reference' : 'custom', name);
        expect(data.length).toBe(width * height * 3);
      } catch (error) {
        expect(error).toBeInstanceOf(DatasetError);
      }
    }
  });
});

describe('sizes', () => {
  it("rounds as Python's round", () => {
    // python3 -c "print([round(x) for x in (0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, 37.5, 36.5)])"
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, 37.5, 36.5].map((x) => roundHalfEven(x) + 0)).toEqual([
      0, 2, 2, 0, -2, 2, 38, 36,
    ]);
  });

  it('cuts the long side off and rounds the corner to even', () => {
    expect(evaluationGeometry(500, 375, { ...clip, size: 224 })).toEqual({
      width: 298,
      height: 224,
      crop: { left: 37, top: 0, width: 224, height: 224 },
    });
    expect(evaluationGeometry(301, 403, { ...clip, size: 224 })).toMatchObject({
      width: 224,
      height: 299,
      crop: { left: 0, top: 38 },
    });
  });
});

it('the fast path names an image that it cannot read', async () => {
  await expect(preprocessFast(Buffer.from('no image'), { ...clip, size: 48 }, 'data/x.jpg')).rejects.toMatchObject({
    name: 'DatasetError',
    where: 'data/x.jpg',
  });
});

it.each([
  ['shortest', 'bicubic'],
  ['shortest', 'bilinear'],
  ['squash', 'bicubic'],
  ['squash', 'bilinear'],
] as const)('the fast path has the same sizes and nearly the same values: %s, %s', async (resize, interpolation) => {
  const file = await read('photo-420.jpg');
  const format = { ...clip, resize, interpolation, size: 48 };
  const exact = preprocessForEvaluation(await decodeImage(file, 'custom', 'photo'), format);
  const fast = await preprocessFast(file, format, 'photo');
  expect(fast.length).toBe(exact.length);
  const mean = fast.reduce((sum, value, i) => sum + Math.abs(value - exact[i]), 0) / fast.length;
  expect(mean * 255 * 0.27).toBeLessThan(3);
});
