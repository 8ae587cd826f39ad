import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError, keepInUserCache, userCachePath } from '@promptweave/core';
import { listFolder, type HiddenImages } from './list-folder.js';

/** Files of one folder, kept as one string because a million short strings take ten times the memory. */
interface CachedFolder {
  readonly modified: number;
  readonly files: string;
  readonly folders: readonly string[];
  readonly hidden: HiddenImages;
}
type Cache = Record<string, CachedFolder>;

/** Folders that were listed together. */
export interface ClassFiles {
  readonly folder: string;
  /** Paths of all files below the folder, sorted, a line each. */
  readonly files: string;
  /** Folders below it that hold files, as paths from it. */
  readonly below: readonly string[];
  /** What is passed over in it and below it though it holds images, by path. */
  readonly hidden: HiddenImages;
}

/** Folders below each other that are followed; more are a loop of links. */
const DEEPEST = 12;

/** How many folders are listed at a time. */
const PARALLEL = 16;

function cacheFile(root: string): string {
  return userCachePath('listings', `2-${createHash('sha256').update(root).digest('hex').slice(0, 32)}.json`);
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
 * Lists the files of every class folder, with those of the folders below it. The result is kept in the user's cache: next time, a
 * folder whose modification time is the same is not listed again, so that ImageNet's 1.28 million names take seconds.
 *
 * @throws DatasetError naming a folder that is missing or cannot be read
 */
export async function listClassFolders(root: string, folders: readonly string[]): Promise<ClassFiles[]> {
  const file = cacheFile(root);
  const known = await readCache(file);
  const fresh: Cache = {};
  const waiting = [...folders];
  let changed = false;
  const list = async (folder: string): Promise<CachedFolder> => {
    const path = join(root, folder);
    const modified = await modificationTime(path);
    const cached = Object.hasOwn(known, folder) ? known[folder] : undefined;
    if (cached?.modified === modified) return (fresh[folder] = cached);
    changed = true;
    const { files, folders, hidden } = await listFolder(path);
    return (fresh[folder] = { modified, files: files.join('\n'), folders, hidden });
  };
  const listAll = async (folder: string, depth = 0): Promise<void> => {
    if (depth > DEEPEST) {
      throw new DatasetError(`Folders lie more than ${DEEPEST} deep below the folder of a class.`, {
        where: join(root, folder),
        remedy: 'Remove the link that leads back to a folder above it, or move the images up.',
      });
    }
    for (const name of (await list(folder)).folders) await listAll(`${folder}/${name}`, depth + 1);
  };
  const work = async (): Promise<void> => {
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) await listAll(folder);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  if (changed || Object.keys(known).length !== Object.keys(fresh).length) {
    await keepInUserCache(file, JSON.stringify(fresh));
  }
  return folders.map((folder) => gather(folder, fresh));
}

/** What lies in a class folder and below it. */
function gather(folder: string, listed: Cache): ClassFiles {
  const { files, folders, hidden } = listed[folder];
  if (folders.length === 0) return { folder, files, below: [], hidden };
  const parts = folders.map((name) => ({ name, ...gather(`${folder}/${name}`, listed) }));
  const under = (name: string, text: string): string[] => text.split('\n').map((file) => `${name}/${file}`);
  const deeper = parts.filter((part) => part.files !== '').flatMap((part) => under(part.name, part.files));
  return {
    folder,
    files: [...(files === '' ? [] : files.split('\n')), ...deeper].sort(byCodePoint).join('\n'),
    below: parts.flatMap(({ name, below }) => [name, ...below.map((path) => `${name}/${path}`)]),
    hidden: Object.assign(
      { ...hidden },
      ...parts.map(({ name, hidden: inner }) =>
        Object.fromEntries(Object.entries(inner).map(([path, count]) => [`${name}/${path}`, count])),
      ),
    ) as HiddenImages,
  };
}

function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
