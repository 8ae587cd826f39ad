import sharp from 'sharp';
import { kindOf } from './kind.js';
import { BYTES_AT_ONCE } from './limits.js';

/** How often a decoder and whoever reads its result hold the pixels, about. */
const COPIES = 2.5;

/** Bytes that decoding a file takes, about, as its header says; drawings and HEIC have a process of their own and go one by one. */
export async function bytesToDecode(file: Uint8Array): Promise<number> {
  if (kindOf(file) !== 'pixels') return BYTES_AT_ONCE;
  try {
    const { width, height, channels, depth } = await sharp(file).metadata();
    return file.length + COPIES * width * height * Math.max(3, channels) * (depth === 'uchar' ? 1 : 2);
  } catch {
    return file.length; // whoever decodes it says why it cannot be read
  }
}
