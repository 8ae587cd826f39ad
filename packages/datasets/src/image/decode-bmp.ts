import { Refusal } from './unreadable.js';
import type { RgbImage } from './rgb-image.js';

/** Bytes of a file's header, before that of the image. */
const FILE_HEADER = 14;
/** Masks of red, green and blue where the header has none. */
const MASKS: Readonly<Record<number, readonly number[]>> = {
  16: [0x7c00, 0x3e0, 0x1f],
  24: [0xff0000, 0xff00, 0xff],
  32: [0xff0000, 0xff00, 0xff],
};

/** What the headers of a bitmap say. */
export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly isTopDown: boolean;
  /** Bytes before the pixels. */
  readonly start: number;
  /** Bytes of a row. */
  readonly stride: number;
  /** Blue, green, red (and nothing) of each colour of the palette. */
  readonly palette: Buffer;
  readonly paletteEntry: 3 | 4;
  readonly masks: readonly number[];
}

/** Reads the headers of a bitmap (BMP). @throws Error where they are damaged or of a kind that is not read */
export function readBmpHeader(file: Uint8Array): BmpHeader {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < FILE_HEADER + 12) throw new Error('a BMP file that ends in its header');
  const start = bytes.readUInt32LE(10);
  const size = bytes.readUInt32LE(FILE_HEADER);
  if ((size !== 12 && size < 40) || FILE_HEADER + size > bytes.length)
    throw new Error('a BMP file with a damaged header');
  const isOld = size === 12; // of OS/2 and Windows 2
  const [width, rows, bits] = isOld
    ? [bytes.readUInt16LE(18), bytes.readUInt16LE(20), bytes.readUInt16LE(24)]
    : [bytes.readInt32LE(18), bytes.readInt32LE(22), bytes.readUInt16LE(28)];
  const packing = isOld ? 0 : bytes.readUInt32LE(30);
  if (![0, 3, 6].includes(packing)) {
    throw new Refusal('a BMP file with compressed pixels', 'Save it as PNG or as an uncompressed BMP.');
  }
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`a BMP file of ${bits} bits a pixel`);
  const height = Math.abs(rows);
  if (width < 1 || height < 1) throw new Error(`a BMP file of ${width} × ${height} pixels`);
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (start + stride * height > bytes.length) throw new Error('a BMP file that ends too early');
  const paletteAt = FILE_HEADER + size + (size === 40 && packing !== 0 ? (packing === 6 ? 16 : 12) : 0);
  const hasMasks = packing !== 0 && (bits === 16 || bits === 32) && bytes.length >= 66;
  return {
    ...{ width, height, bits, start, stride },
    isTopDown: rows < 0,
    palette: bytes.subarray(paletteAt, bits <= 8 ? Math.max(paletteAt, start) : paletteAt),
    paletteEntry: isOld ? 3 : 4,
    masks: hasMasks ? [54, 58, 62].map((at) => bytes.readUInt32LE(at)) : (MASKS[bits] ?? []),
  };
}

/** Decodes a bitmap (BMP) of 1 to 32 bits a pixel as Pillow's `convert('RGB')` does: alpha is dropped. */
export function decodeBmp(file: Uint8Array): RgbImage {
  const header = readBmpHeader(file);
  const { width, height, bits, start, stride, isTopDown } = header;
  const data = new Uint8Array(width * height * 3);
  const paint = bits <= 8 ? paletteReader(file, header) : maskReader(file, header);
  for (let row = 0, to = 0; row < height; row++) {
    const from = start + stride * (isTopDown ? row : height - 1 - row);
    for (let column = 0; column < width; column++, to += 3) paint(from, column, data, to);
  }
  return { data, width, height };
}

/** Writes the colour of a pixel, given where its row begins, its column and where the colour goes. */
type Paint = (row: number, column: number, data: Uint8Array, to: number) => void;

function paletteReader(file: Uint8Array, { bits, palette, paletteEntry }: BmpHeader): Paint {
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  return (row, column, data, to) => {
    const byte = file[row + Math.trunc(column / perByte)];
    const index = (byte >> (8 - bits - (column % perByte) * bits)) & mask;
    const at = index * paletteEntry;
    // A colour beyond the palette is black, as in Pillow.
    for (let channel = 0; channel < 3; channel++) data[to + channel] = palette[at + 2 - channel] ?? 0;
  };
}

function maskReader(file: Uint8Array, { bits, masks }: BmpHeader): Paint {
  const bytes = bits / 8;
  const channels = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { shift, most: mask >>> shift };
  });
  return (row, column, data, to) => {
    const at = row + column * bytes;
    let value = 0;
    for (let i = bytes - 1; i >= 0; i--) value = value * 256 + file[at + i];
    channels.forEach(({ shift, most }, channel) => {
      const part = (value >>> shift) & most;
      data[to + channel] = most === 0 ? 0 : Math.trunc(((part >>> 0) * 255) / (most >>> 0));
    });
  };
}
