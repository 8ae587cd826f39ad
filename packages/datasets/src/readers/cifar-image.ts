import { open } from 'node:fs/promises';
import { DatasetError, type ImageItem } from '@promptweave/core';

const SIDE = 32;
const PIXELS = SIDE * SIDE;
/** Bytes of one image: red, green and blue planes. */
export const CIFAR_BYTES = 3 * PIXELS;

/** One image inside a file of CIFAR, loaded as a PNG. */
export class CifarImage implements ImageItem {
  /**
   * @param offset bytes of the file before the image
   * @param index of the image in its split, from 0
   */
  constructor(
    private readonly file: string,
    private readonly offset: number,
    private readonly split: string,
    private readonly index: number,
    readonly label: number,
  ) {}

  get id(): string {
    return `${this.split}/${this.index}`;
  }

  /** The file, and the place in it. */
  get where(): string {
    return `${this.file}, image ${this.index}`;
  }

  async load(): Promise<Buffer> {
    const planes = Buffer.alloc(CIFAR_BYTES);
    const handle = await open(this.file);
    try {
      const { bytesRead } = await handle.read(planes, 0, planes.length, this.offset);
      if (bytesRead < planes.length) {
        throw new DatasetError('The file has become shorter since it was listed.', { where: this.where });
      }
    } finally {
      await handle.close();
    }
    const pixels = Buffer.alloc(CIFAR_BYTES);
    for (let i = 0; i < PIXELS; i++) {
      for (let channel = 0; channel < 3; channel++) pixels[i * 3 + channel] = planes[channel * PIXELS + i];
    }
    const { default: sharp } = await import('sharp');
    return sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
      .png({ compressionLevel: 0 })
      .toBuffer();
  }
}
