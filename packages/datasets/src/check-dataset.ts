import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError, type Dataset } from '@promptweave/core';
import { BENCHMARK, type BenchmarkEntry } from './benchmark/table.js';
import { readBenchmark } from './benchmark/read-benchmark.js';
import { decodeImage } from './image/decode.js';

/** A number that was found beside the published one. */
export interface Count {
  readonly found: number;
  readonly published?: number;
}

/** What is known about one data set of the papers on this machine. */
export interface DatasetReport {
  readonly name: string;
  readonly folder: string;
  /** `absent`: no such folder; `broken`: its listing cannot be read; `ok`: it can (see the counts and the images). */
  readonly state: 'ok' | 'broken' | 'absent';
  /** What is wrong with the listing, and what to do. */
  readonly problem?: { readonly message: string; readonly where?: string; readonly remedy?: string };
  readonly origin: string;
  readonly classes?: Count;
  readonly train?: Count;
  readonly val?: Count;
  readonly test?: Count;
  /** Images that cannot be read, if they were looked at. */
  readonly unreadable?: readonly UnreadableImage[];
}

/** An image that cannot be read, and why. */
export interface UnreadableImage {
  readonly id: string;
  readonly message: string;
}

/** How many images are decoded at a time. */
const PARALLEL = 8;

/**
 * Loads and decodes every image of a data set.
 *
 * @param onProgress called now and then with the number of images looked at.
 * @returns the unreadable ones, in the order of the data set.
 */
export async function findUnreadable(
  dataset: Dataset,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<UnreadableImage[]> {
  const items = [...dataset.train, ...dataset.val, ...dataset.test];
  const found = new Map<number, UnreadableImage>();
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      const item = items[index];
      try {
        await decodeImage(await item.load(), dataset.imagePolicy, item.id);
      } catch (error) {
        if (!(error instanceof DatasetError)) throw error;
        found.set(index, { id: item.id, message: error.message });
      }
      if (next % 100 === 0) onProgress(next, items.length);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  onProgress(items.length, items.length);
  return [...found].sort(([a], [b]) => a - b).map(([, image]) => image);
}

/**
 * Says of one of the papers' data sets whether it is there and whole.
 *
 * @param root the folder that holds the data sets' folders.
 * @param options `decode` looks at every image, which takes a while.
 */
export async function checkDataset(
  entry: BenchmarkEntry,
  root: string,
  options: { decode?: boolean; onProgress?: (done: number, total: number) => void } = {},
): Promise<DatasetReport> {
  const base = { name: entry.name, folder: entry.folder, origin: entry.origin };
  let dataset: Dataset;
  let train: number;
  try {
    dataset = await readBenchmark(entry, root);
    train = dataset.train.length;
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    const { message, where, remedy } = error;
    const isThere = await access(join(root, entry.folder)).then(
      () => true,
      () => false,
    );
    return { ...base, state: isThere ? 'broken' : 'absent', problem: { message, where, remedy } };
  }
  return {
    ...base,
    state: 'ok',
    classes: { found: dataset.classNames.length, published: entry.classes },
    train: { found: train, published: entry.images.train },
    val: { found: dataset.val.length, published: entry.images.val },
    test: { found: dataset.test.length, published: entry.images.test },
    unreadable: options.decode ? await findUnreadable(dataset, options.onProgress) : undefined,
  };
}

/** Reports on all of the papers' data sets. */
export async function checkBenchmark(root: string): Promise<DatasetReport[]> {
  const reports: DatasetReport[] = [];
  for (const entry of BENCHMARK) reports.push(await checkDataset(entry, root));
  return reports;
}
