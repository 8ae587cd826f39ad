import type { Readable } from 'node:stream';
import { MlflowProtocolError } from '../errors.js';
import type { CallOptions } from '../http/connection.js';
import { line } from '../http/refusal.js';

/** A file or a folder among artifacts. */
export interface ArtifactInfo {
  /** Relative to the folder of the artifacts, with slashes. */
  readonly path: string;
  /** Whether it is a folder, whose entries `list` gives. */
  readonly isFolder: boolean;
  /** Bytes; absent for folders. */
  readonly size?: number;
}

/** How a file is read. */
export interface ReadOptions extends CallOptions {
  /** Bytes that it may have. Default 1 GiB. */
  readonly longest?: number;
}

/** Files below one artifact URI. Paths are relative, with slashes. */
export interface ArtifactStore {
  /** Writes a file, also over one that is there. @param open opens the content anew for every attempt */
  write(path: string, open: () => Readable, options?: CallOptions): Promise<void>;
  /** Reads a file; `consume` is called anew where reading broke off. @throws MlflowApiError RESOURCE_DOES_NOT_EXIST, NOT_FOUND or (MLflow 2) INTERNAL_ERROR where it is missing */
  read<T>(path: string, consume: (content: Readable) => Promise<T>, options?: ReadOptions): Promise<T>;
  /** What lies directly in a folder; nothing where there is none. */
  list(folder?: string, options?: CallOptions): Promise<readonly ArtifactInfo[]>;
  /** Deletes a file, or a folder with all that is in it. */
  delete(path: string, options?: CallOptions): Promise<void>;
}

/**
 * Checks a relative path: no leading slash, no "..", no backslash.
 * @throws MlflowProtocolError naming the path
 */
export function checkPath(path: string): string {
  const bad = path === '' || /^\/|[\\\0]/.test(path) || path.split('/').includes('..');
  if (bad) {
    const shown = line(path, 100);
    throw new MlflowProtocolError(
      `"${shown}" is no path of an artifact, which is relative, with slashes, without "..".`,
      {
        request: `artifact ${shown}`,
      },
    );
  }
  return path;
}
