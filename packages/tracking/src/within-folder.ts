import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { TrackingError } from './tracking-error.js';

/** A file of a run, with links resolved. */
export interface FoundFile {
  readonly file: string;
  readonly size: number;
  /** When it was last written, milliseconds since 1970. */
  readonly mtimeMs: number;
}

/**
 * A file in a run's folder, or undefined where there is none. What a folder from somewhere else names may be a link to any file of this
 * machine, which is nobody's business: links are followed within the folder alone.
 *
 * @param path relative, with slashes
 * @throws TrackingError where the path or a link on it leads out of the folder, or to something else than a file
 */
export async function fileWithin(folder: string, path: string): Promise<FoundFile | undefined> {
  const parts = path.split('/');
  if (isAbsolute(path) || /[\\\0]/.test(path) || parts.includes('..')) throw leadsOut(folder, path);
  const root = await realpath(folder);
  const file = await unlessMissing(realpath(join(folder, ...parts)));
  if (file === undefined) return undefined;
  const way = relative(root, file);
  if (isAbsolute(way) || way.split(sep)[0] === '..') throw leadsOut(folder, path);
  const found = await lstat(file);
  if (!found.isFile()) {
    throw new TrackingError(`${path} is no file.`, {
      where: join(folder, path),
      remedy: 'Put a copy of the file there.',
    });
  }
  return { file, size: found.size, mtimeMs: found.mtimeMs };
}

/** @throws TrackingError where one of these files of the folder is a link: they are written to */
export async function requireNoLinks(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const found = await unlessMissing(lstat(join(folder, name)));
    if (found?.isSymbolicLink()) {
      throw new TrackingError(`${name} is a symbolic link, which is not followed.`, {
        where: join(folder, name),
        remedy: 'Put the file itself there.',
      });
    }
  }
}

function leadsOut(folder: string, path: string): TrackingError {
  return new TrackingError(`${path} leads out of the folder of the run, so it is not sent.`, {
    where: join(folder, path),
    remedy: 'Put a copy of the file into the folder.',
  });
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(code)) return undefined;
    throw error;
  }
}
