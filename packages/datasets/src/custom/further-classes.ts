import { basename, dirname, resolve } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { listImages } from '../readers/read-class-folders.js';
import { quoted } from '../readers/quoted.js';
import type { Splits } from '../readers/splits.js';
import { checkClasses } from './check-classes.js';
import { splitBySeed } from './split-by-seed.js';

/**
 * Adds class folders that lie elsewhere behind the classes of a data set, each split 50 : 20 : 30. Classes and images that were there stay as
 * they are.
 *
 * @param folders paths
 * @param names words for folders, by their names
 * @throws DatasetError where a class is there already, or a folder has too few images
 */
export async function withFurtherClasses(
  splits: Splits,
  folders: readonly string[],
  names: Readonly<Record<string, string>>,
  splitSeed: number,
): Promise<Splits> {
  let all = splits;
  for (const path of folders.map((folder) => resolve(folder))) {
    const folder = basename(path);
    const name = Object.hasOwn(names, folder) ? names[folder] : folder;
    if (all.classNames.includes(name)) {
      throw new DatasetError(`The class ${quoted(name)} is there already.`, {
        where: path,
        remedy: 'Give the new class another name: dataset.names, or --name of promptweave extend.',
      });
    }
    const label = all.classNames.length;
    const { images, notes } = await listImages(dirname(path), '.', [folder]);
    const own = splitBySeed(
      images(() => label),
      new Map([[label, name]]),
      splitSeed,
      path,
    );
    all = {
      classNames: [...all.classNames, name],
      train: [...all.train, ...own.train],
      val: [...all.val, ...own.val],
      test: [...all.test, ...own.test],
      notes: [...(all.notes ?? []), ...notes],
    };
  }
  checkClasses(all.classNames, folders.join(', '));
  return all;
}
