import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackendError } from '@promptweave/core';
import { tryClaim, type Claim } from '@promptweave/core/experiment';
import { runtimeFolder } from '../cache-folder.js';
import type { OnProgress } from './progress.js';

/** What the holder of the lock can ask. */
export interface InstallLock {
  /** Throws a BackendError when the lock was lost meanwhile, as happens to a machine that slept. */
  requireHeld(): void;
}

/** What the claims are called whose holder changes the cache. */
const LOCK = '.install';

/**
 * Runs `work` while no other process changes the cache; waits for one that does. What a dead owner left is taken over: at once where it ran
 * on this machine, otherwise, or in another container, when it has given no sign of life for three minutes (see `tryClaim`).
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
  const claim = await acquire(folder, onProgress);
  const requireHeld = (): void => {
    if (claim.isHeld()) return;
    throw new BackendError('The installation was overtaken by another one while this process stood still.', {
      where: folder,
      remedy: 'Run `npx promptweave runtime install` again.',
    });
  };
  try {
    return await work({ requireHeld });
  } finally {
    claim.release();
  }
}

async function acquire(folder: string, onProgress?: OnProgress): Promise<Claim> {
  for (;;) {
    const claim = tryClaim(folder, LOCK);
    if (claim) return claim;
    onProgress?.({ step: 'wait', message: 'another process is installing; waiting for it' });
    await sleep(500);
  }
}
