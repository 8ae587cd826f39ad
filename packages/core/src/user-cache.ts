import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** A path in the user's cache: `PROMPTWEAVE_CACHE`, else `XDG_CACHE_HOME/promptweave`, else `~/.cache/promptweave`. */
export function userCachePath(...parts: string[]): string {
  const base = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return join(process.env.PROMPTWEAVE_CACHE ?? join(base, 'promptweave'), ...parts);
}

/**
 * Keeps a file in the user's cache, whole or not at all. Where it cannot be written (a read-only or full disk, another user's
 * folder), nothing is kept and nothing is thrown: what is cached can always be made anew.
 */
export async function keepInUserCache(file: string, content: string | Uint8Array): Promise<void> {
  const part = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(part, content);
    await rename(part, file);
  } catch {
    await rm(part, { force: true }).catch(() => undefined);
  }
}
