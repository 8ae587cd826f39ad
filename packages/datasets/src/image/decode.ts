import { DatasetError } from '@promptweave/core/portable';
import type { Metadata, Sharp } from 'sharp';
import { decodeApart } from './decode-apart.js';
import { decodeBmp } from './decode-bmp.js';
import type { ImagePolicy } from './image-policy.js';
import { readHeader, type ImageHeader } from './header.js';
import { MOST_SECONDS } from './limits.js';
import { MissingDecoder } from './missing-decoder.js';
import { decodeSmallPng } from './small-png.js';
import { toRgb, type RgbImage } from './rgb-image.js';
import { unreadable } from './unreadable.js';

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
  const pixels = image.toColourspace('grey16').extractChannel(0).raw({ depth: 'ushort' });
  const { data: bytes, info } = await pixels.toBuffer({ resolveWithObject: true });
  const data = new Uint8Array(info.width * info.height * 3);
  for (let at = 0; at < data.length / 3; at++) {
    data.fill(Math.min(255, bytes.readUInt16LE(at * 2)), at * 3, at * 3 + 3);
  }
  return { data, width: info.width, height: info.height };
}

/** Pixels that are real numbers, from 0 to 1 or from 0 to 255; nothing says which but the numbers. */
async function readReals(image: Sharp, space: Metadata['space']): Promise<RgbImage> {
  const stored = space === 'scrgb' ? image.pipelineColourspace('scrgb').toColourspace('scrgb') : image; // no conversion
  const { data, info } = await stored.raw({ depth: 'float' }).toBuffer({ resolveWithObject: true });
  const values = new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  if (values.some(Number.isNaN)) throw new Error('its pixels are no numbers (NaN)');
  if (!(least >= 0 && most <= 255)) {
    throw new Error(
      `its pixels are real numbers from ${least} to ${most}; those from 0 to 1 or from 0 to 255 are read`,
    );
  }
  const scale = most <= 1 ? 255 : 1;
  const { width, height, channels } = info;
  const colour = channels >= 3;
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.trunc(i / 3) * channels;
    return Math.round(scale * values[colour ? pixel + (i % 3) : pixel]);
  });
  return { data: rgb, width, height };
}

async function decode(file: Uint8Array, header: ImageHeader, policy: ImagePolicy, where: string): Promise<RgbImage> {
  const { kind } = header;
  if (kind === 'bmp') return decodeBmp(file);
  if (kind !== 'pixels') return decodeApart({ kind, file }, where);
  const plain = header.isSmallPng ? await decodeSmallPng(file, policy) : undefined;
  if (plain) return plain;
  // Warnings (odd metadata, stray bytes) are as harmless here as they are to Pillow; truncation and damage are not.
  const { default: sharp } = await import('sharp');
  const image = sharp(file, { failOn: 'error', ignoreIcc: policy === 'reference', limitInputPixels: false });
  image.timeout({ seconds: MOST_SECONDS });
  const { space, depth, channels } = header.stored!;
  if (channels > 4) throw new Error(`it has ${channels as number} channels`);
  if (policy === 'custom') {
    if (depth === 'float' || depth === 'double') return readReals(image, space);
    if (depth !== 'uchar' && depth !== 'ushort') throw new Error(`its pixels are of the type ${depth}`);
    return toRgb(image.rotate().flatten({ background: '#ffffff' }).toColourspace('srgb'));
  }
  if (space === 'cmyk') return readCmyk(image);
  if (space === 'grey16') return readDeepGrey(image);
  return toRgb(image.removeAlpha().toColourspace('srgb'));
}

/**
 * Decodes an image file: JPEG, PNG, WebP, GIF and TIFF (of several frames or pages the first), AVIF, HEIC, BMP or SVG, whatever it
 * is called. What takes too much memory or time is refused.
 *
 * @param where names the image in errors.
 * @param header where it was read before, with the same policy
 * @throws DatasetError if the file is empty, truncated, damaged or of another kind; MissingDecoder where its format's decoder is not installed.
 */
export async function decodeImage(
  file: Uint8Array,
  policy: ImagePolicy,
  where: string,
  header?: ImageHeader,
): Promise<RgbImage> {
  if (file.length === 0) {
    throw new DatasetError('The image file is empty.', { where, remedy: 'Fetch the file again, or remove it.' });
  }
  try {
    return await decode(file, header ?? (await readHeader(file, policy)), policy, where);
  } catch (cause) {
    if (cause instanceof MissingDecoder) throw cause;
    throw unreadable(cause, where);
  }
}

/** Whether a file is decoded in a process of its own. */
export function isDecodedApart({ kind }: ImageHeader): boolean {
  return kind === 'drawing' || kind === 'heic';
}
