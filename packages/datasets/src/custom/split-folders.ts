import { join } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { listFolder } from '../readers/list-folder.js';

/** The folder of each split, as it is called. */
export interface SplitFolders {
  readonly train?: string;
  readonly val?: string;
  readonly test?: string;
}

const CALLED: Readonly<Record<keyof SplitFolders, RegExp>> = {
  train: /^(train|training)$/i,
  val: /^(val|valid|validation|dev)$/i,
  test: /^(test|testing)$/i,
};

/** The split that is called so in folders and tables, or undefined. */
export function splitCalled(name: string): keyof SplitFolders | undefined {
  return (Object.keys(CALLED) as (keyof SplitFolders)[]).find((split) => CALLED[split].test(name));
}

/**
 * Finds the folders of splits among others: `train`, `val`, `test`, and as others call them where they hold folders of classes
 * (a class may be called `training`, too).
 *
 * @throws DatasetError where two folders could be one split
 */
export async function findSplitFolders(root: string, folders: readonly string[]): Promise<SplitFolders> {
  const found: { -readonly [split in keyof SplitFolders]: string } = {};
  for (const [split, pattern] of Object.entries(CALLED) as [keyof SplitFolders, RegExp][]) {
    for (const folder of folders.filter((name) => pattern.test(name))) {
      if (folder !== split && (await listFolder(join(root, folder))).folders.length === 0) continue;
      const other = found[split];
      if (other !== undefined) {
        throw new DatasetError(`The folders ${other} and ${folder} could both be the ${split} split.`, {
          where: root,
          remedy: 'Put the images of both into one, or move one of them away.',
        });
      }
      found[split] = folder;
    }
  }
  return found;
}
