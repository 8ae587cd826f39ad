import { stat } from 'node:fs/promises';
import { DatasetError, type Dataset, type ImageItem } from '@promptweave/core';
import { decodeImage } from './image/decode.js';
import { inTurn } from './image/in-turn.js';
import { FileImage, sizeOfItem } from './readers/file-image.js';

/** An image that cannot be read, and why. */
export interface UnreadableImage {
  readonly id: string;
  readonly message: string;
}

/** How many images are looked at at a time. */
const PARALLEL = 8;

/** Called now and then with the number of images looked at. */
type Progress = (done: number, total: number) => void;

/**
 * Loads and decodes every image of a data set.
 *
 * @returns the unreadable ones, in the order of the data set
 */
export function findUnreadable(dataset: Dataset, onProgress?: Progress): Promise<UnreadableImage[]> {
  return find(
    dataset,
    async (item) => {
      try {
        const { imagePolicy: policy } = dataset;
        await inTurn({ size: () => sizeOfItem(item), load: () => item.load(), policy }, (file, header) =>
          decodeImage(file, policy, item.where ?? item.id, header),
        );
        return undefined;
      } catch (error) {
        if (!(error instanceof DatasetError)) throw error;
        return error.message;
      }
    },
    onProgress,
  );
}

/** Looks for the file of every image, and at its size, without reading it. */
export function findMissing(dataset: Dataset, onProgress?: Progress): Promise<UnreadableImage[]> {
  return find(
    dataset,
    async (item) => {
      if (!(item instanceof FileImage)) return undefined;
      const found = await stat(item.where).catch(() => undefined);
      if (!found?.isFile()) return 'The file is missing.';
      return found.size === 0 ? 'The image file is empty.' : undefined;
    },
    onProgress,
  );
}

async function find(
  dataset: Dataset,
  problemOf: (item: ImageItem) => Promise<string | undefined>,
  onProgress: Progress = () => undefined,
): Promise<UnreadableImage[]> {
  const { train, val, test } = dataset;
  const total = train.length + val.length + test.length;
  const all: UnreadableImage[] = [];
  let done = 0;
  for (const items of [train, val, test]) {
    const found = new Map<number, UnreadableImage>();
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < items.length) {
        const index = next++;
        const item = items[index];
        const message = await problemOf(item);
        if (message !== undefined) found.set(index, { id: item.id, message });
        if (++done % 100 === 0) onProgress(done, total);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    for (const [, image] of [...found].sort(([a], [b]) => a - b)) all.push(image);
  }
  onProgress(total, total);
  return all;
}
