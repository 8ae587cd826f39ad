import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, type Dirent } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MlflowApiError, MlflowProtocolError } from '../errors.js';
import { LONGEST_FILE } from '../http/bounded.js';
import { checkPath, type ArtifactInfo, type ArtifactStore, type ReadOptions } from './store.js';

/** Artifacts in a folder that server and client both see (`file:`). */
export class FileStore implements ArtifactStore {
  constructor(private readonly root: string) {}

  async write(path: string, open: () => Readable): Promise<void> {
    const target = join(this.root, checkPath(path));
    const temporary = `${target}.${randomUUID()}.tmp`;
    await mkdir(dirname(target), { recursive: true });
    try {
      await pipeline(open(), createWriteStream(temporary, { flags: 'wx' }));
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async read<T>(
    path: string,
    consume: (content: Readable) => Promise<T>,
    { longest = LONGEST_FILE }: ReadOptions = {},
  ): Promise<T> {
    const source = join(this.root, checkPath(path));
    const found = await stat(source).catch(() => undefined);
    if (!found?.isFile()) throw missing(source);
    if (found.size > longest) {
      const request = `read ${source}`;
      throw new MlflowProtocolError(`${source} has ${found.size} bytes, where ${longest} are the most.`, { request });
    }
    return await consume(createReadStream(source));
  }

  async list(folder = ''): Promise<readonly ArtifactInfo[]> {
    const where = folder ? join(this.root, checkPath(folder)) : this.root;
    const entries: Dirent[] = await readdir(where, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      const details = { request: `list ${where}`, cause: error };
      throw new MlflowProtocolError(`The folder of artifacts cannot be read: ${error.message}`, details);
    });
    const infos = entries.map(async (entry): Promise<ArtifactInfo> => {
      const path = [folder, entry.name].filter(Boolean).join('/');
      if (entry.isDirectory()) return { path, isFolder: true };
      return { path, isFolder: false, size: (await lstat(join(where, entry.name))).size };
    });
    return await Promise.all(infos);
  }

  async delete(path: string): Promise<void> {
    await rm(join(this.root, checkPath(path)), { recursive: true, force: true });
  }
}

function missing(path: string): MlflowApiError {
  const details = { request: `read ${path}`, code: 'RESOURCE_DOES_NOT_EXIST', status: 404 } as const;
  return new MlflowApiError(`There is no file ${path}.`, details);
}
