import type { ImagePolicy } from './image-policy.js';
import type { RgbImage } from './rgb-image.js';

/** Bytes and pixels of a small file at most. Of a larger one the pixels are most of the work. */
const MOST_BYTES = 2 ** 16;
const MOST_PIXELS = 2 ** 20;
/** Chunks that change nothing about the pixels. */
const HARMLESS = new Set(['IHDR', 'IDAT', 'IEND', 'pHYs', 'tEXt']);
/** Colours of 8 bits that are neither grey nor of a palette, and their channels. */
const CHANNELS: Readonly<Record<number, 3 | 4>> = { 2: 3, 6: 4 };

/** Size of a small PNG. */
export interface SmallPng {
  readonly width: number;
  readonly height: number;
  /** 3, or 4 with alpha. */
  readonly channels: 3 | 4;
}

/**
 * Tells whether a file is a small PNG of 8-bit colours without anything that asks for libvips: palette, transparent colour, colour profile,
 * orientation, interlacing. libvips takes ten times as long for such a file (drawings of emoji, CIFAR) as it needs.
 */
export function smallPng(bytes: Uint8Array): SmallPng | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (file.length > MOST_BYTES || file.length < 33 || file.toString('latin1', 1, 4) !== 'PNG') return undefined;
  for (let at = 8; at + 8 <= file.length; at += 12 + file.readUInt32BE(at)) {
    if (!HARMLESS.has(file.toString('latin1', at + 4, at + 8))) return undefined;
  }
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  const [depth, colour, compression, filter, interlace] = file.subarray(24, 29);
  const channels = CHANNELS[colour];
  if (depth !== 8 || channels === undefined || compression + filter + interlace > 0) return undefined;
  return width * height > 0 && width * height <= MOST_PIXELS ? { width, height, channels } : undefined;
}

/** The pixels of a small PNG; undefined where libvips must say what is wrong with it, or lay its alpha over white. */
export async function decodeSmallPng(file: Uint8Array, policy: ImagePolicy): Promise<RgbImage | undefined> {
  const { decode } = await import('fast-png');
  try {
    const { width, height, channels, data: stored } = decode(file, { checkCrc: true });
    if (channels === 3) return { data: stored as Uint8Array, width, height };
    const data = new Uint8Array(width * height * 3);
    for (let from = 0, to = 0; from < stored.length; from += 4) {
      if (policy === 'custom' && stored[from + 3] < 255) return undefined;
      for (let channel = 0; channel < 3; channel++) data[to++] = stored[from + channel];
    }
    return { data, width, height };
  } catch {
    return undefined;
  }
}
