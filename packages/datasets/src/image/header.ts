import type { Metadata } from 'sharp';
import { readBmpHeader } from './decode-bmp.js';
import type { ImagePolicy } from './image-policy.js';
import { kindOf, type FileKind } from './kind.js';
import { HEIC_BYTES, inMillions, MOST_BYTES, MOST_DRAWING_BYTES, MOST_PIXELS } from './limits.js';
import { smallPng } from './small-png.js';
import { Refusal } from './unreadable.js';

/** Bytes of a decoded pixel: red, green and blue. */
const RGB = 3;
/** Bytes a pixel that decoders take besides, as measured on photos of 24 million pixels. */
const WORKING: Readonly<Record<string, number>> = { heif: 13, webp: 8, gif: 5 };
const PROGRESSIVE_JPEG = 6;
/** Bytes of a sample, by libvips's word for its type; 4 of the others. */
const DEPTHS: Readonly<Record<string, number>> = {
  uchar: 1,
  char: 1,
  ushort: 2,
  short: 2,
  double: 8,
  complex: 8,
  dpcomplex: 16,
};

/** What is known of an image before it is decoded. */
export interface ImageHeader {
  readonly kind: Extract<FileKind, string>;
  /** Bytes that decoding takes: the pixels, and what the decoder needs besides. */
  readonly cost: number;
  /** Of what libvips reads. */
  readonly stored?: Pick<Metadata, 'space' | 'depth' | 'channels'>;
  /** Whether it can be decoded without libvips. */
  readonly isSmallPng?: boolean;
}

/**
 * Reads what comes before an image's pixels, once for all that is done with it.
 *
 * @throws Error where the file is no image or its header cannot be read, or the image takes more than `MOST_BYTES`
 */
export async function readHeader(file: Uint8Array, policy: ImagePolicy): Promise<ImageHeader> {
  const kind = kindOf(file);
  if (typeof kind === 'object') {
    throw new Refusal(`it is ${kind.other}`, 'Convert it to JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC, BMP or SVG.');
  }
  if (kind === 'drawing') return { kind, cost: MOST_DRAWING_BYTES };
  if (kind === 'bmp') {
    const { width, height } = readBmpHeader(file);
    return { kind, cost: within(width, height, RGB) };
  }
  const small = smallPng(file);
  if (small) {
    const { width, height, channels } = small;
    const stored = { space: 'srgb', depth: 'uchar', channels } as const;
    return { kind, cost: within(width, height, RGB + channels), stored, isSmallPng: true };
  }
  const { default: sharp } = await import('sharp');
  const header = await sharp(file, { failOn: 'error', limitInputPixels: false }).metadata();
  const { width, height, space, depth, channels } = header;
  if (kind === 'heic') return { kind, cost: within(width, height, HEIC_BYTES) };
  return {
    kind,
    cost: within(width, height, RGB + workingBytes(header, policy)),
    stored: { space, depth, channels },
  };
}

function workingBytes(header: Metadata, policy: ImagePolicy): number {
  const { format, channels, depth, isProgressive, orientation = 1, space } = header;
  const pixel = channels * (DEPTHS[depth] ?? 4);
  let bytes = WORKING[format] ?? 0;
  if (format === 'tiff' || (format === 'png' && isProgressive)) bytes += pixel;
  if (format === 'jpeg' && isProgressive) bytes += PROGRESSIVE_JPEG;
  if (space === 'cmyk' || space === 'grey16') bytes += 4;
  if (policy === 'custom' && orientation > 1) bytes += pixel;
  if (policy === 'custom' && depth === 'float') bytes += pixel;
  return bytes;
}

function within(width: number, height: number, bytes: number): number {
  const most = Math.min(MOST_PIXELS, MOST_BYTES / bytes);
  if (width * height <= most) return width * height * bytes;
  throw new Refusal(
    `it has ${width} × ${height} pixels; of such a file at most ${inMillions(most)} are decoded`,
    'Make it smaller: models see a few hundred pixels a side.',
  );
}
