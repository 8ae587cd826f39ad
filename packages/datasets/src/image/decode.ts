import { DatasetError } from '@promptweave/core';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { toRgb, type RgbImage } from './rgb-image.js';
import { unreadable } from './unreadable.js';

/**
 * How a file becomes red, green and blue.
 * - `reference`: as Pillow's `convert('RGB')`, which the papers' code uses: no EXIF rotation, alpha dropped, colour profiles
 *   ignored, CMYK by the plain formula, grey of 16 bits cut off at 255.
 * - `custom`: as a person expects: EXIF rotation, alpha over white, colour profiles converted to sRGB.
 */
export type ImagePolicy = 'reference' | 'custom';

/** Short side, in pixels, to which drawings without pixels of their own (SVG) are rendered at least. */
const DRAWING_SIDE = 512;
/** Dots per inch at which a drawing's unit is a pixel. */
const DRAWING_DENSITY = 72;
/** Pixels that an image has at most; as sharp's own limit. A larger drawing would end the process for want of memory. */
const MOST_PIXELS = 0x3fff ** 2;

function isSvg(file: Uint8Array): boolean {
  const opening = Buffer.from(file.subarray(0, 1024))
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart();
  return opening.startsWith('<svg') || (/^<(\?xml|!--|!DOCTYPE svg)/i.test(opening) && opening.includes('<svg'));
}

/** Through librsvg, which refuses what it cannot draw; the renderer of the emoji ends the process on some broken drawings. */
async function renderDrawing(file: Uint8Array): Promise<RgbImage> {
  const { width, height } = await sharp(file, { failOn: 'error' }).metadata();
  const zoom = Math.max(1, DRAWING_SIDE / Math.min(width, height));
  if (!(width * height * zoom ** 2 <= MOST_PIXELS)) {
    throw new Error(`a drawing of ${width} × ${height} exceeds ${MOST_PIXELS} pixels`);
  }
  const drawing = sharp(file, { failOn: 'error', density: DRAWING_DENSITY * zoom });
  return toRgb(drawing.flatten({ background: '#ffffff' }).toColourspace('srgb'));
}

/** Ink to light as Pillow computes it: (255 − ink) · (255 − black) / 255, rounded. */
async function readCmyk(image: Sharp): Promise<RgbImage> {
  const inks = image.pipelineColourspace('cmyk').toColourspace('cmyk').raw({ depth: 'uchar' });
  const { data: ink, info } = await inks.toBuffer({ resolveWithObject: true });
  const data = new Uint8Array(info.width * info.height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4) {
    const white = 255 - ink[from + 3];
    for (let channel = 0; channel < 3; channel++) {
      const product = ink[from + channel] * white + 128;
      data[to++] = white - (((product >> 8) + product) >> 8);
    }
  }
  return { data, width: info.width, height: info.height };
}

/** Values above 255 become 255: Pillow's 16-bit grey is not scaled down. */
async function readDeepGrey(image: Sharp): Promise<RgbImage> {
  const { data: bytes, info } = await image
    .toColourspace('grey16')
    .extractChannel(0)
    .raw({ depth: 'ushort' })
    .toBuffer({ resolveWithObject: true });
  const grey = new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const data = Uint8Array.from({ length: grey.length * 3 }, (_, i) => Math.min(255, grey[Math.trunc(i / 3)]));
  return { data, width: info.width, height: info.height };
}

async function decode(file: Uint8Array, policy: ImagePolicy): Promise<RgbImage> {
  if (isSvg(file)) return renderDrawing(file);
  // Warnings (odd metadata, stray bytes) are as harmless here as they are to Pillow; truncation and damage are not.
  const image = sharp(file, { failOn: 'error', ignoreIcc: policy === 'reference' });
  if (policy === 'custom') return toRgb(image.rotate().flatten({ background: '#ffffff' }).toColourspace('srgb'));
  const { space }: Metadata = await image.metadata();
  if (space === 'cmyk') return readCmyk(image);
  if (space === 'grey16') return readDeepGrey(image);
  return toRgb(image.removeAlpha().toColourspace('srgb'));
}

/**
 * Decodes an image file: JPEG, PNG, WebP, GIF (first frame), TIFF, AVIF or SVG.
 *
 * @param where names the image in errors.
 * @throws DatasetError if the file is empty, truncated, damaged or of another kind.
 */
export async function decodeImage(file: Uint8Array, policy: ImagePolicy, where: string): Promise<RgbImage> {
  if (file.length === 0) {
    throw new DatasetError('The image file is empty.', { where, remedy: 'Fetch the file again, or remove it.' });
  }
  try {
    return await decode(file, policy);
  } catch (cause) {
    throw unreadable(cause, where);
  }
}
