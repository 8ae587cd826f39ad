import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError, type Dataset } from '@promptweave/core';
import { BENCHMARK, type BenchmarkEntry } from './benchmark/table.js';
import { readBenchmark } from './benchmark/read-benchmark.js';
import { findMissing, findUnreadable, type UnreadableImage } from './find-unreadable.js';

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
  /** What was left out or assumed; absent where there is nothing to say. */
  readonly notes?: readonly string[];
  /** Images that are named but absent, empty or, where they were decoded, damaged; undefined where none was looked at. */
  readonly unreadable?: readonly UnreadableImage[];
}

/**
 * How closely a data set is looked at: its lists and counts; or also the file of every image, at its name and size; or also what
 * is in the files, decoding every image, which takes a while.
 */
export type CheckDepth = 'listing' | 'files' | 'decode';

/**
 * Says of one of the papers' data sets whether it is there and whole.
 *
 * @param root the folder that holds the data sets' folders.
 * @param options `depth` is `files` by default; ImageNet's take minutes on a slow disk.
 */
export async function checkDataset(
  entry: BenchmarkEntry,
  root: string,
  options: { depth?: CheckDepth; onProgress?: (done: number, total: number) => void } = {},
): Promise<DatasetReport> {
  const { depth = 'files', onProgress } = options;
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
    ...(dataset.notes?.length && { notes: dataset.notes }),
    ...(depth !== 'listing' && {
      unreadable: await (depth === 'decode' ? findUnreadable : findMissing)(dataset, onProgress),
    }),
  };
}

/** Whether a data set is there, has the published counts, and none of its images is known to be bad. */
export function isWhole({ state, classes, train, val, test, unreadable = [] }: DatasetReport): boolean {
  const differs = [classes, train, val, test].some((count) => count && count.found !== (count.published ?? 0));
  return state === 'ok' && !differs && unreadable.length === 0;
}

/** Reports on all of the papers' data sets. */
export async function checkBenchmark(root: string): Promise<DatasetReport[]> {
  const reports: DatasetReport[] = [];
  for (const entry of BENCHMARK) reports.push(await checkDataset(entry, root));
  return reports;
}
