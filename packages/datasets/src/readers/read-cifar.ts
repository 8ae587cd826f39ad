import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError, type ImageItem } from '@promptweave/core';
import sharp from 'sharp';
import { readLines } from './class-names.js';
import { listFolder } from './list-folder.js';
import { readDataFile } from './file-image.js';
import type { Splits } from './splits.js';

/** The folder that the archive unpacks to. */
const UNPACKED = 'cifar-100-binary';
const SIDE = 32;
const PIXELS = SIDE * SIDE;
/** Coarse label, fine label, then red, green and blue planes. */
const RECORD = 2 + 3 * PIXELS;

/** One record of the binary version, as a PNG. */
class CifarImage implements ImageItem {
  constructor(
    private readonly file: string,
    private readonly index: number,
    readonly id: string,
    readonly label: number,
  ) {}

  async load(): Promise<Buffer> {
    const planes = Buffer.alloc(3 * PIXELS);
    const handle = await open(this.file);
    try {
      const { bytesRead } = await handle.read(planes, 0, planes.length, this.index * RECORD + 2);
      if (bytesRead < planes.length) {
        throw new DatasetError('The file has become shorter since it was listed.', { where: this.file });
      }
    } finally {
      await handle.close();
    }
    const pixels = Buffer.alloc(3 * PIXELS);
    for (let i = 0; i < PIXELS; i++) {
      for (let channel = 0; channel < 3; channel++) pixels[i * 3 + channel] = planes[channel * PIXELS + i];
    }
    return sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
      .png({ compressionLevel: 0 })
      .toBuffer();
  }
}

async function readRecords(file: string, split: string, classes: number): Promise<CifarImage[]> {
  const bytes = await readDataFile(file);
  if (bytes.length === 0 || bytes.length % RECORD !== 0) {
    throw new DatasetError(`The file is not whole: ${bytes.length} bytes are no multiple of ${RECORD}.`, {
      where: file,
      remedy: 'Unpack the binary version of the archive again.',
    });
  }
  return Array.from({ length: bytes.length / RECORD }, (_, index) => {
    const label = bytes[index * RECORD + 1];
    if (label >= classes) {
      throw new DatasetError(`Record ${index} has the label ${label}, but there are ${classes} classes.`, {
        where: file,
        remedy: 'Unpack the binary version of the archive again.',
      });
    }
    return new CifarImage(file, index, `${split}/${index}`, label);
  });
}

/** CIFAR-100's binary version: `train.bin`, `test.bin`, `fine_label_names.txt`, in the folder or in `cifar-100-binary/`. */
export async function readCifar100(root: string): Promise<Splits> {
  const { folders } = await listFolder(root);
  const base = folders.includes(UNPACKED) ? join(root, UNPACKED) : root;
  const classNames = await readLines(join(base, 'fine_label_names.txt'));
  return {
    classNames,
    train: await readRecords(join(base, 'train.bin'), 'train', classNames.length),
    val: [],
    test: await readRecords(join(base, 'test.bin'), 'test', classNames.length),
  };
}
