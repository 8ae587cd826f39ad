import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';

/** Gives every test of a file an empty cache of its own; returns where it is. */
export function useEmptyCache(): () => string {
  let cache = '';
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'promptweave-test-'));
    vi.stubEnv('PROMPTWEAVE_CACHE', cache);
    vi.stubEnv('PROMPTWEAVE_BACKEND', undefined);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(cache, { recursive: true });
  });
  return () => cache;
}
