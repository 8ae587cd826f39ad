import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { keepInUserCache, userCachePath } from '../user-cache.js';
import { listFolder } from './list-folder.js';

/** Files of one folder, kept as one string because a million short strings take ten times the memory. */
interface CachedFolder {
  readonly modified: number;
  readonly files: string;
}
type Cache = Record<string, CachedFolder>;

/** Folders that were listed together. */
export interface ClassFiles {
  readonly folder: string;
  /** File names, sorted, a line each. */
  readonly files: string;
}

/** How many folders are listed at a time. */
const PARALLEL = 16;

function cacheFile(root: string): string {
  return userCachePath('listings', `${createHash('sha256').update(root).digest('hex').slice(0, 32)}.json`);
}

async function readCache(file: string): Promise<Cache> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Cache;
  } catch {
    return {}; // absent, or cut short by an interrupted run: the folders are listed afresh, at no loss but time
  }
}

/** When something was last added to a class folder or removed from it, milliseconds. @throws DatasetError where it is not there. */
async function modificationTime(folder: string): Promise<number> {
  try {
    return (await stat(folder)).mtimeMs;
  } catch (cause) {
    throw new DatasetError('The folder of a class is missing or cannot be read.', {
      where: folder,
      remedy: 'Every class has a folder of its own there: sort its images into one, or unpack the data set again.',
      cause,
    });
  }
}

/**
 * Lists the files of every class folder. The result is kept in the user's cache: next time, a folder whose modification time
 * is the same is not listed again, so that ImageNet's 1.28 million names take seconds.
 *
 * @throws DatasetError naming a folder that is missing or cannot be read
 */
export async function listClassFolders(root: string, folders: readonly string[]): Promise<ClassFiles[]> {
  const file = cacheFile(root);
  const known = await readCache(file);
  const fresh: Cache = {};
  const waiting = [...folders];
  let changed = Object.keys(known).length !== folders.length;
  const work = async (): Promise<void> => {
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      const path = join(root, folder);
      const modified = await modificationTime(path);
      const cached = known[folder];
      if (cached?.modified === modified) {
        fresh[folder] = cached;
        continue;
      }
      changed = true;
      fresh[folder] = { modified, files: (await listFolder(path)).files.join('\n') };
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  if (changed) await keepInUserCache(file, JSON.stringify(fresh));
  return folders.map((folder) => ({ folder, files: fresh[folder].files }));
}
