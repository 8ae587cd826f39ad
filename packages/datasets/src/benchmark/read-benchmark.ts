import { join } from 'node:path';
import { DatasetError, type Dataset } from '@promptweave/core';
import { createDataset } from '../create-dataset.js';
import { listFolder } from '../readers/list-folder.js';
import { readAircraft } from '../readers/read-aircraft.js';
import { readCifar100 } from '../readers/read-cifar.js';
import { readImageNet, readNumberedFolders, readSortedFolders } from '../readers/read-imagenet.js';
import { readSplitJson } from '../readers/read-split-json.js';
import type { Splits } from '../readers/splits.js';
import type { BenchmarkEntry } from './table.js';

function readLayout({ layout }: BenchmarkEntry, folder: string): Promise<Splits> {
  switch (layout.kind) {
    case 'split':
      return readSplitJson(join(folder, layout.split), join(folder, layout.images));
    case 'imagenet':
      return readImageNet(folder);
    case 'aircraft':
      return readAircraft(folder);
    case 'numbered-folders':
      return readNumberedFolders(folder, layout.images);
    case 'sorted-folders':
      return readSortedFolders(folder, layout.images);
    case 'cifar':
      return readCifar100(folder);
  }
}

/**
 * Reads one of the papers' data sets. Images are looked at when they are loaded; `checkDataset` looks at all of them.
 *
 * @param root the folder that holds the data sets' folders.
 */
export async function readBenchmark(entry: BenchmarkEntry, root: string): Promise<Dataset> {
  const folder = join(root, entry.folder);
  await listFolder(folder).catch((cause: unknown) => {
    throw new DatasetError(`The data set ${entry.name} is not there.`, {
      where: folder,
      remedy: `Get it from ${entry.origin}, or point "root" at the folder that holds ${entry.folder}/.`,
      cause,
    });
  });
  const splits = await readLayout(entry, folder);
  return createDataset({
    name: entry.name,
    classNames: splits.classNames,
    template: entry.template,
    imagePolicy: 'reference',
    // Forwarded, not copied: ImageNet makes its list anew for whoever asks.
    get train() {
      return splits.train;
    },
    val: splits.val,
    test: splits.test,
    notes: splits.notes,
  });
}
