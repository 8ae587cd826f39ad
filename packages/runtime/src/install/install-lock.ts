import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackendError } from '@promptweave/core';
import lockfile from 'proper-lockfile';
import { runtimeFolder } from '../cache-folder.js';
import type { OnProgress } from './progress.js';

/** What the holder of the lock can ask. */
export interface InstallLock {
  /** Throws a BackendError when the lock was lost meanwhile, as happens to a machine that slept. */
  requireHeld(): void;
}

/**
 * Runs `work` while no other process changes the cache; waits for one that does. The owner touches the lock every two seconds, so
 * that a lock whose owner died is taken over ten seconds later, on whatever machine or in whatever container it ran.
 */
export async function withInstallLock<T>(
  onProgress: OnProgress | undefined,
  work: (lock: InstallLock) => Promise<T>,
): Promise<T> {
  const folder = runtimeFolder();
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new BackendError(`The cache folder cannot be written: ${String(cause)}`, {
      where: folder,
      remedy: 'Set PROMPTWEAVE_CACHE to a folder that can.',
      cause,
    });
  });
  let lost = false;
  const release = await acquire(folder, () => (lost = true), onProgress);
  const requireHeld = (): void => {
    if (!lost) return;
    throw new BackendError('The installation was overtaken by another one while this process stood still.', {
      where: folder,
      remedy: 'Run `npx promptweave runtime install` again.',
    });
  };
  try {
    return await work({ requireHeld });
  } finally {
    if (!lost) await release();
  }
}

async function acquire(
  folder: string,
  onCompromised: () => void,
  onProgress?: OnProgress,
): Promise<() => Promise<void>> {
  for (;;) {
    try {
      return await lockfile.lock(folder, {
        lockfilePath: join(folder, '.lock'),
        stale: 10_000,
        update: 2_000,
        onCompromised,
      });
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ELOCKED')) throw cause;
      onProgress?.({ step: 'wait', message: 'another process is installing; waiting for it' });
      await sleep(500);
    }
  }
}
