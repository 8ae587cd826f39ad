import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DatasetError, type ImageItem } from '@promptweave/core';
import { fetchImage } from './fetch-image.js';

/** An image: the path of a file, an address (`https:`, `http:`, `file:`), or the bytes of an encoded file (JPEG, PNG, HEIC, …). */
export type ImageInput = string | URL | Uint8Array;

/** Bytes of the largest file that is read. */
export const MOST_IMAGE_BYTES = 256 * 2 ** 20;

/** An image as the data pipeline takes it. @param position of the image in a list, from 0, to name bytes by */
export function imageItem(image: ImageInput, position: number): ImageItem {
  if (image instanceof Uint8Array) {
    return { id: `image ${position + 1}`, label: 0, load: () => Promise.resolve(Buffer.from(image)) };
  }
  const text = String(image);
  if (/^https?:\/\//i.test(text)) return { id: text, label: 0, load: () => fetchImage(text, MOST_IMAGE_BYTES) };
  return { id: text, label: 0, load: () => readImageFile(text) };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file',
  EISDIR: 'It is a folder',
  EACCES: 'It may not be read',
};

/** @throws DatasetError naming a file that cannot be read */
async function readImageFile(name: string): Promise<Buffer> {
  try {
    const file = /^file:\/\//i.test(name) ? fileURLToPath(name) : name;
    const { size } = await stat(file);
    if (size > MOST_IMAGE_BYTES) {
      const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
      const message = `The file has ${mebibytes(size)} MiB; at most ${mebibytes(MOST_IMAGE_BYTES)} are read.`;
      throw new DatasetError(message, { where: name, remedy: 'Use a smaller copy of the image.' });
    }
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    const { code = '', message } = cause as NodeJS.ErrnoException;
    const reason = REASONS[code] ?? message;
    throw new DatasetError(`The image cannot be read: ${name}: ${reason}.`, {
      where: name,
      remedy: 'Name an image file.',
      cause,
    });
  }
}
