import { createRequire } from 'node:module';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { inMillions, MOST_HEIC_PIXELS } from './limits.js';
import { toRgb, type RgbImage } from './rgb-image.js';

interface HeifImage {
  get_width(): number;
  get_height(): number;
  display(target: { data: Uint8ClampedArray; width: number; height: number }, done: (shown: unknown) => void): void;
  free(): void;
}
interface LibHeif {
  readonly HeifDecoder: new () => { decode(file: Uint8Array): HeifImage[] };
}

let library: LibHeif | undefined;

/** libheif-js is not there, or is broken. `reason` is undefined where it is not installed. */
export class NoLibheif extends Error {
  constructor(readonly reason?: string) {
    super('libheif-js cannot be loaded');
  }
}

function loadLibrary(): LibHeif {
  try {
    return createRequire(import.meta.url)('libheif-js/wasm-bundle.js') as LibHeif;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new NoLibheif(code === 'MODULE_NOT_FOUND' ? undefined : message.split('\n')[0]);
  }
}

/**
 * Decodes a photo in HEIC through libheif, upright, its colour profile converted to sRGB, over white.
 *
 * @throws NoLibheif where libheif-js cannot be loaded; Error that says why the photo cannot be read
 */
export async function decodeHeic(file: Uint8Array): Promise<RgbImage> {
  library ??= loadLibrary();
  const images = new library.HeifDecoder().decode(file);
  try {
    const [image] = images;
    if (!image) throw new Error('a HEIC file without an image, or a damaged one');
    const [width, height] = [image.get_width(), image.get_height()];
    if (!(width * height <= MOST_HEIC_PIXELS)) {
      throw new Error(`a HEIC image of ${width} × ${height} exceeds ${inMillions(MOST_HEIC_PIXELS)}`);
    }
    const data = new Uint8ClampedArray(width * height * 4);
    await new Promise<void>((resolve, reject) => {
      image.display({ data, width, height }, (shown) => (shown ? resolve() : reject(new Error('a damaged HEIC file'))));
    });
    const { icc } = await sharp(file).metadata();
    return { data: await overWhite(new Uint8Array(data.buffer), width, height, icc), width, height };
  } finally {
    for (const image of images) image.free();
  }
}

/** Rows that are converted at a time, so that little memory is needed besides the pixels. */
const STRIP = 256;

/** Makes pixels with alpha, in a colour profile or in sRGB, sRGB over white, in their own place. */
async function overWhite(pixels: Uint8Array, width: number, height: number, icc?: Buffer): Promise<Uint8Array> {
  for (let top = 0; top < height; top += STRIP) {
    const rows = Math.min(STRIP, height - top);
    const strip = pixels.slice(top * width * 4, (top + rows) * width * 4);
    const raw = sharp(strip, { raw: { width, height: rows, channels: 4 } });
    const profiled = icc ? sharp(withProfile(await raw.png({ compressionLevel: 0 }).toBuffer(), icc)) : raw;
    const { data } = await toRgb(profiled.flatten({ background: '#ffffff' }).toColourspace('srgb'));
    pixels.set(data, top * width * 3);
  }
  return pixels.subarray(0, width * height * 3);
}

/** Bytes of a PNG before what follows its header. */
const PNG_HEADER = 33;

/** The PNG with a colour profile, which libvips takes from files alone. */
function withProfile(png: Buffer, icc: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from('iCCPicc\0\0', 'latin1'), deflateSync(icc)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length - 4);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(content));
  return Buffer.concat([png.subarray(0, PNG_HEADER), length, content, check, png.subarray(PNG_HEADER)]);
}
