import { join, posix } from 'node:path';
import { DatasetError, type ImageItem } from '@promptweave/core';
import { checkName } from '../readers/check-name.js';
import { namedInVain, namesOfFolders, readClassNames } from '../readers/class-names.js';
import { counted, hiddenImages, named } from '../readers/left-out.js';
import { isImageName, listFolder } from '../readers/list-folder.js';
import { quoted } from '../readers/quoted.js';
import { readClassFolders, type ClassFolders } from '../readers/read-class-folders.js';
import type { Splits } from '../readers/splits.js';
import { checkClasses, formOf, sameNameKey } from './check-classes.js';
import { splitBySeed } from './split-by-seed.js';
import { findSplitFolders } from './split-folders.js';

/** How a folder of class folders is read. */
export interface FolderOptions {
  readonly splitSeed: number;
  /** Level of the class folders: see `readClassFolders`. */
  readonly level?: number;
  /** Class names by the names of folders, instead of these. */
  readonly names?: Readonly<Record<string, string>>;
}

/** Class names in the order of the folders: the given ones, those of `classnames.txt`, or the folders' own. */
async function nameClasses(
  root: string,
  { folders, files }: { readonly folders: readonly string[]; readonly files: readonly string[] },
  given: Readonly<Record<string, string>> = {},
): Promise<{ classNames: string[]; note?: string }> {
  const file = join(root, 'classnames.txt');
  const own = folders.map((folder) => posix.basename(folder));
  const words = givenNames(given, own, root);
  const unnamed = own.filter((folder) => !words.has(folder.normalize()));
  if (!files.includes('classnames.txt') || unnamed.length === 0) {
    return { classNames: own.map((folder) => words.get(folder.normalize()) ?? folder) };
  }
  const names = await readClassNames(file);
  return { classNames: namesOfFolders(own, new Map([...names, ...words]), file), note: namedInVain(own, names) };
}

/** Names by folder in Unicode's composed form. @throws DatasetError for a folder that is not there, and for a name that is none */
function givenNames(
  given: Readonly<Record<string, string>>,
  folders: readonly string[],
  root: string,
): Map<string, string> {
  const words = new Map(Object.entries(given).map(([folder, name]) => [folder.normalize(), name]));
  const there = folders.map((folder) => folder.normalize());
  for (const [folder, name] of words) {
    checkName(name, 'dataset.names');
    if (there.includes(folder)) continue;
    throw new DatasetError(`dataset.names gives a word to the folder ${quoted(folder)}, which is not there.`, {
      where: root,
      remedy: `Name one of the folders: ${named(folders)}.`,
    });
  }
  return words;
}

/**
 * Reads a folder of class folders: `train/<class>/…`, with `val/` and `test/` beside it, or class folders alone. Without
 * `test/`, `val/` is the test set; without both, the images are split 50 : 20 : 30 by `splitSeed`. Names come from the folders
 * or from a `classnames.txt` ("folder class name" a line). Images in folders below a class folder are the class's.
 */
export async function readFolder(root: string, { splitSeed, level, names }: FolderOptions): Promise<Splits> {
  const { folders, files, hidden } = await listFolder(root);
  const found = await findSplitFolders(root, folders);
  const first = Object.values(found)[0] as string | undefined;
  if (first !== undefined && found.train === undefined) {
    throw new DatasetError(`There is a folder ${first} but none named train.`, {
      where: root,
      remedy: 'Put the training images in train/<class>/, or all images in <class>/.',
    });
  }
  const train = await readClassFolders(root, found.train ?? '.', level);
  const { classNames, note } = await nameClasses(root, { folders: train.folders, files }, names);
  checkClasses(classNames, root);
  const labels = new Map(train.folders.map((folder, label) => [posix.basename(folder), label]));
  const items = ({ images }: ClassFolders, split: string): ImageItem[] =>
    images((folder) => {
      const label = labels.get(posix.basename(folder));
      if (label !== undefined) return label;
      const name = posix.basename(folder);
      const twin = [...labels.keys()].find((other) => sameNameKey(other) === sameNameKey(name));
      const alike = twin === undefined ? '' : `: there the folder is ${quoted(twin)}${formOf(twin, name)}`;
      throw new DatasetError(`The class ${quoted(name)} has no training images${alike}.`, {
        where: join(root, split, folder),
        remedy:
          twin === undefined ? `Add ${found.train}/${folder}/, or remove the folder.` : 'Call both folders the same.',
      });
    });
  const notes = [
    ...beside(folders, files, Object.values(found) as string[]),
    hiddenImages('', hidden),
    ...train.notes,
    note,
  ];
  const read = async (split: string | undefined): Promise<ImageItem[]> => {
    if (split === undefined) return [];
    const listed = await readClassFolders(root, split, level ?? 1);
    notes.push(...listed.notes);
    return items(listed, split);
  };

  const all = items(train, found.train ?? '.');
  const [val, test] = [await read(found.val), await read(found.test)];
  const told = { classNames, notes: notes.filter((note) => note !== undefined) };
  if (val.length + test.length === 0) return { ...told, ...splitBySeed(all, classNames, splitSeed, root) };
  if (test.length === 0) told.notes.push(`There is no test split: tested on the images of ${found.val}/.`);
  return { ...told, train: all, val: test.length > 0 ? val : [], test: test.length > 0 ? test : val };
}

/** Says what lies beside the folders of classes or splits and is not used. */
function beside(folders: readonly string[], files: readonly string[], splits: readonly string[]): string[] {
  const images = files.filter(isImageName);
  const others = splits.length > 0 ? folders.filter((folder) => !splits.includes(folder)) : [];
  return [
    ...(images.length > 0 ? [`${counted(images.length, 'image')} without a class left out: ${named(images)}.`] : []),
    ...(others.length > 0
      ? [`${counted(others.length, 'folder')} beside ${splits.join('/, ')}/ left out: ${named(others)}.`]
      : []),
  ];
}
