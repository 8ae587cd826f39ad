import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join, posix } from 'node:path';
import { DatasetError, type ImageItem } from '@promptweave/core';
import { decodeText } from './decode-text.js';
import { quoted } from './quoted.js';

const REASONS: Record<string, string> = {
  ENOENT: 'is missing',
  EISDIR: 'is a folder',
  ELOOP: 'is a symbolic link in a loop',
  EACCES: 'may not be read by this user',
};

/** Bytes of the largest file that is read as a whole; CIFAR-100's have 156 million. */
const MOST_BYTES = 256 * 2 ** 20;

/** The bytes of a file of a data set. @throws DatasetError naming the file. */
export async function readDataFile(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size <= MOST_BYTES) return await readFile(file);
    throw new DatasetError(
      `The file has ${Math.round(size / 2 ** 20)} MiB; at most ${MOST_BYTES / 2 ** 20} are read.`,
      {
        where: file,
        remedy: 'Use a smaller copy of the image, or several smaller files.',
      },
    );
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    throw new DatasetError(`The file ${REASONS[code] ?? `cannot be read (${code || String(cause)})`}.`, {
      where: file,
      remedy: 'Check that the data set is complete: promptweave datasets check.',
      cause,
    });
  }
}

/** The text of a file of a data set. @throws DatasetError if it is missing or not text. */
export async function readDataText(file: string): Promise<string> {
  return decodeText(await readDataFile(file), file);
}

/** Bytes of an image that is in no file of its own, about. */
const SMALL = 64 * 2 ** 10;

/** Bytes of an image's file, before it is loaded. */
export async function sizeOfItem(item: ImageItem): Promise<number> {
  return item instanceof FileImage ? item.size() : SMALL;
}

/** An image in a file below a folder. Small, because a data set may have a million of them. */
export class FileImage implements ImageItem {
  constructor(
    private readonly root: string,
    readonly id: string,
    readonly label: number,
    readonly domain?: string,
  ) {}

  /** The file's path. */
  get where(): string {
    return join(this.root, this.id);
  }

  /** Bytes of the file; 0 where it is missing. */
  async size(): Promise<number> {
    return (await stat(this.where).catch(() => undefined))?.size ?? 0;
  }

  load(): Promise<Buffer> {
    return readDataFile(this.where);
  }
}

/**
 * Checks a path that a split file or table gives: it must stay inside its folder.
 *
 * @returns the path without `./` and doubled slashes.
 * @throws DatasetError for an empty or absolute path, and for one that climbs out with `..`.
 */
export function checkRelativePath(path: string, where: string): string {
  const clean = posix.normalize(path);
  const climbs = clean === '..' || clean.startsWith('../');
  if (path === '' || clean === '.' || path.includes('\0') || isAbsolute(path) || /^[a-z]:[\\/]/i.test(path) || climbs) {
    throw new DatasetError(`The path ${quoted(path)} does not lie inside the data set's folder.`, {
      where,
      remedy: 'Give paths relative to the folder of the images, without "..".',
    });
  }
  return clean;
}
