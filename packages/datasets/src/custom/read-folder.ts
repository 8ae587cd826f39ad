import { join } from 'node:path';
import { DatasetError, type ImageItem } from '@promptweave/core';
import { namesOfFolders, readClassNames } from '../readers/class-names.js';
import { listFolder } from '../readers/list-folder.js';
import { readClassFolders, type ClassFolders } from '../readers/read-class-folders.js';
import type { Splits } from '../readers/splits.js';
import { checkClasses } from './check-classes.js';
import { splitBySeed } from './split-by-seed.js';

const SPLITS = ['train', 'val', 'test'];

/** Class names in the order of the folders: the folders' own, or those of `classnames.txt`. */
async function nameClasses(root: string, folders: readonly string[]): Promise<string[]> {
  const file = join(root, 'classnames.txt');
  const { files } = await listFolder(root);
  return files.includes('classnames.txt') ? namesOfFolders(folders, await readClassNames(file), file) : [...folders];
}

/**
 * Reads a folder of class folders: `train/<class>/…`, with `val/` and `test/` beside it, or class folders alone. Without
 * `test/`, `val/` is the test set; without both, the images are split 50 : 20 : 30 by `splitSeed`. Names come from the folders
 * or from a `classnames.txt` ("folder class name" a line).
 */
export async function readFolder(root: string, splitSeed: number): Promise<Splits> {
  const { folders } = await listFolder(root);
  const found = SPLITS.filter((split) => folders.includes(split));
  if (found.length > 0 && found[0] !== 'train') {
    throw new DatasetError(`There is a folder ${found[0]} but none named train.`, {
      where: root,
      remedy: 'Put the training images in train/<class>/, or all images in <class>/.',
    });
  }
  const train = await readClassFolders(root, found.length > 0 ? 'train' : '.');
  const classNames = await nameClasses(root, train.folders);
  checkClasses(classNames, root);
  const labels = new Map(train.folders.map((folder, label) => [folder, label]));
  const items = ({ images }: ClassFolders, split: string): ImageItem[] =>
    images((folder) => {
      const label = labels.get(folder);
      if (label !== undefined) return label;
      throw new DatasetError(`The class ${JSON.stringify(folder)} has no training images.`, {
        where: join(root, split, folder),
        remedy: `Add train/${folder}/, or remove the folder.`,
      });
    });
  const read = async (split: string): Promise<ImageItem[]> =>
    found.includes(split) ? items(await readClassFolders(root, split), split) : [];

  const all = items(train, 'train');
  const [val, test] = [await read('val'), await read('test')];
  if (val.length + test.length === 0) return { classNames, ...splitBySeed(all, classNames, splitSeed, root) };
  return { classNames, train: all, val: test.length > 0 ? val : [], test: test.length > 0 ? test : val };
}
