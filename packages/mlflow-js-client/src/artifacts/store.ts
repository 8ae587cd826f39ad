import type { Readable } from 'node:stream';
import type { CallOptions } from '../http/connection.js';

/** A file or a folder among artifacts. */
export interface ArtifactInfo {
  /** Relative to the folder of the artifacts, with slashes. */
  readonly path: string;
  readonly isFolder: boolean;
  /** Bytes; absent for folders. */
  readonly size?: number;
}

/** Files below one artifact URI. Paths are relative, with slashes. */
export interface ArtifactStore {
  /** Writes a file, also over one that is there. @param open opens the content anew for every attempt */
  write(path: string, open: () => Readable, options?: CallOptions): Promise<void>;
  /** Reads a file; `consume` is called anew where reading broke off. @throws MlflowApiError RESOURCE_DOES_NOT_EXIST, NOT_FOUND or (MLflow 2) INTERNAL_ERROR where it is missing */
  read<T>(path: string, consume: (content: Readable) => Promise<T>, options?: CallOptions): Promise<T>;
  /** What lies directly in a folder; nothing where there is none. */
  list(folder?: string, options?: CallOptions): Promise<readonly ArtifactInfo[]>;
  /** Deletes a file, or a folder with all that is in it. */
  delete(path: string, options?: CallOptions): Promise<void>;
}

/**
 * Checks a relative path: no leading slash, no "..", no backslash.
 * @throws Error naming the path
 */
export function checkPath(path: string): string {
  const bad = path === '' || path.startsWith('/') || path.includes('\\') || path.split('/').includes('..');
  if (bad) throw new Error(`"${path}" is no path of an artifact. Give a relative path with slashes, without "..".`);
  return path;
}
