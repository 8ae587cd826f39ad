import { join } from 'node:path';
import { namedInVain, namesOfFolders, readClassNames } from './class-names.js';
import { counted, named } from './left-out.js';
import { listFolder } from './list-folder.js';
import { listImages, readClassFolders } from './read-class-folders.js';
import type { Splits } from './splits.js';

/**
 * ImageNet: folders `images/train/n*` and `images/val/n*` (the test set), labels in the order of the sorted folders. The
 * training items are made anew each time `train` is read: who samples from them holds nothing but the sample.
 */
export async function readImageNet(root: string): Promise<Splits> {
  const names = await readClassNames(join(root, 'classnames.txt'));
  const train = await readClassFolders(root, 'images/train', 1);
  const test = await listImages(root, 'images/val', train.folders);
  const told = [await othersThan(train.folders, root, 'images/val'), namedInVain(train.folders, names)];
  const labels = new Map(train.folders.map((folder, label) => [folder, label]));
  const labelOf = (folder: string): number => labels.get(folder) as number;
  return {
    classNames: namesOfFolders(train.folders, names, join(root, 'classnames.txt')),
    get train() {
      return train.images(labelOf);
    },
    val: [],
    test: test.images(labelOf),
    notes: [...train.notes, ...test.notes, ...told.filter((note) => note !== undefined)],
  };
}

/** A test set in sorted class folders with `classnames.txt` beside them: ImageNet-Sketch, -A and -R. */
export async function readSortedFolders(root: string, prefix: string): Promise<Splits> {
  const names = await readClassNames(join(root, 'classnames.txt'));
  const classes = await readClassFolders(root, prefix, 1);
  const labels = new Map(classes.folders.map((folder, label) => [folder, label]));
  return {
    classNames: namesOfFolders(classes.folders, names, join(root, 'classnames.txt')),
    train: [],
    val: [],
    test: classes.images((folder) => labels.get(folder) as number),
    notes: classes.notes,
  };
}

/** ImageNetV2: folders named by the label, `0 … 999`; names in the order of `classnames.txt`. */
export async function readNumberedFolders(root: string, prefix: string): Promise<Splits> {
  const classNames = [...(await readClassNames(join(root, 'classnames.txt'))).values()];
  const folders = classNames.map((_, label) => String(label));
  const classes = await listImages(root, prefix, folders);
  const others = await othersThan(folders, root, prefix);
  const notes = [...classes.notes, ...(others === undefined ? [] : [others])];
  return { classNames, train: [], val: [], test: classes.images(Number), notes };
}

/** Says which folders of a test set belong to no class, or undefined where all do. */
async function othersThan(classes: readonly string[], root: string, prefix: string): Promise<string | undefined> {
  const known = new Set(classes);
  const others = (await listFolder(join(root, prefix))).folders.filter((folder) => !known.has(folder));
  return others.length > 0
    ? `${counted(others.length, 'folder')} in ${prefix}/ of no known class left out: ${named(others)}.`
    : undefined;
}
