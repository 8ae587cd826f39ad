import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode.js';
import { readHeader, type ImageHeader } from './header.js';
import { decodeSmallPng, smallPng } from './small-png.js';

const [width, height] = [13, 7];
const image = (channels: 3 | 4, least = 0): Sharp => {
  const alphaAt = channels - 1;
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const value = (i * 89) % 256;
    return channels === 4 && i % 4 === alphaAt ? Math.max(least, value) : value;
  });
  return sharp(pixels, { raw: { width, height, channels } });
};
/** What libvips makes of a file, as `reference` and `custom` ask it to. */
const byLibvips = {
  reference: (file: Buffer) => sharp(file, { ignoreIcc: true }).removeAlpha().toColourspace('srgb').raw().toBuffer(),
  custom: (file: Buffer) => sharp(file).flatten({ background: '#ffffff' }).toColourspace('srgb').raw().toBuffer(),
};

describe.each(['reference', 'custom'] as const)('a small PNG, %s', (policy) => {
  it.each([
    ['without alpha', image(3), true],
    ['with alpha that hides nothing', image(4, 255), true],
    ['with alpha', image(4), policy === 'reference'],
  ])('%s has the pixels that libvips reads', async (_, drawn, isAlone) => {
    const file = await drawn.png().toBuffer();
    const header = await readHeader(file, policy);
    expect(header.isSmallPng).toBe(true);
    const alone = await decodeSmallPng(file, policy);
    expect(alone !== undefined).toBe(isAlone);
    const found = await decodeImage(file, policy, 'x.png', header);
    expect([found.width, found.height]).toEqual([width, height]);
    expect(Buffer.from(found.data).equals(await byLibvips[policy](file))).toBe(true);
  });
});

it.each([
  ['a palette', (drawn: Sharp) => drawn.png({ palette: true })],
  ['grey', (drawn: Sharp) => drawn.toColourspace('b-w').png()],
  ['16 bits', (drawn: Sharp) => drawn.toColourspace('rgb16').png()],
  ['interlacing', (drawn: Sharp) => drawn.png({ progressive: true })],
  ['a colour profile', (drawn: Sharp) => drawn.withIccProfile('p3').png()],
  ['an orientation', (drawn: Sharp) => drawn.withExif({ IFD0: { Orientation: '6' } }).png()],
  ['many bytes', () => sharp({ create: { width: 2000, height: 500, channels: 3, background: 'red', noise: { type: 'gaussian', mean: 99, sigma: 60 } } }).png()], // oxfmt-ignore
  ['many pixels', () => sharp({ create: { width: 2000, height: 900, channels: 3, background: 'red' } }).png()],
])('a PNG with %s is left to libvips', async (_, written) => {
  const file = await written(image(3)).toBuffer();
  expect(smallPng(file)).toBeUndefined();
  expect((await readHeader(file, 'custom')).isSmallPng).toBeUndefined();
});

it('of a damaged one libvips says what it is', async () => {
  const whole = await image(3).png().toBuffer();
  const outcome = (file: Buffer, header?: ImageHeader): Promise<string> =>
    decodeImage(file, 'reference', 'x.png', header).then(
      ({ data }) => Buffer.from(data).toString('hex'),
      (error: Error) => error.message,
    );
  for (let at = 0; at < whole.length - 12; at++) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 4;
    expect(await decodeSmallPng(damaged, 'reference'), `byte ${at}`).toBeUndefined();
    const header = await readHeader(damaged, 'reference').catch(() => undefined);
    expect(await outcome(damaged), `byte ${at}`).toBe(
      await outcome(damaged, header && { ...header, isSmallPng: false }),
    );
    expect(await outcome(whole.subarray(0, at))).toMatch(/cannot be read|empty/);
  }
});

it('a picture without height is refused in a whole sentence', async () => {
  const file = await image(3).png().toBuffer();
  file.writeUInt32BE(0, 20);
  await expect(decodeImage(file, 'custom', 'x.png')).rejects.toThrow(/^The image cannot be read: [^:]*\w\.$/);
});
