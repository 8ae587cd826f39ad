import { open } from 'node:fs/promises';
import { DatasetError, type ImageItem } from '@promptweave/core';
import sharp from 'sharp';

const SIDE = 32;
const PIXELS = SIDE * SIDE;
/** Bytes of one image: red, green and blue planes. */
export const CIFAR_BYTES = 3 * PIXELS;

/** One image inside a file of CIFAR, loaded as a PNG. */
export class CifarImage implements ImageItem {
  constructor(
    private readonly file: string,
    private readonly offset: number,
    readonly id: string,
    readonly label: number,
  ) {}

  async load(): Promise<Buffer> {
    const planes = Buffer.alloc(CIFAR_BYTES);
    const handle = await open(this.file);
    try {
      const { bytesRead } = await handle.read(planes, 0, planes.length, this.offset);
      if (bytesRead < planes.length) {
        throw new DatasetError('The file has become shorter since it was listed.', { where: this.file });
      }
    } finally {
      await handle.close();
    }
    const pixels = Buffer.alloc(CIFAR_BYTES);
    for (let i = 0; i < PIXELS; i++) {
      for (let channel = 0; channel < 3; channel++) pixels[i * 3 + channel] = planes[channel * PIXELS + i];
    }
    return sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
      .png({ compressionLevel: 0 })
      .toBuffer();
  }
}
