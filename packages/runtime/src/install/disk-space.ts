import { statfs } from 'node:fs/promises';
import { BackendError } from '@promptweave/core';

/** Refuses to begin what cannot end: throws a BackendError when fewer than `bytes` are free where `folder` lies. */
export async function requireDiskSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes)
    throw diskFull(folder, `${gigabytes(bytes)} are needed, ${gigabytes(bavail * bsize)} are free`);
}

/** An error of the file system as a BackendError when the disk is full or the quota used up, else what `otherwise` gives. */
export function diskErrorOr(cause: unknown, folder: string, otherwise: () => Error): Error {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' ? diskFull(folder, 'writing stopped') : otherwise();
}

/** The error for a disk without room. */
export function diskFull(folder: string, what: string): BackendError {
  return new BackendError(`No space left on the disk of the cache: ${what}.`, {
    where: folder,
    remedy: 'Free some space, or set PROMPTWEAVE_CACHE to a folder on a larger disk.',
  });
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
