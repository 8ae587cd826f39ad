import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { keepInUserCache, RandomAccessFile, userCachePath } from '@promptweave/core';
import { shardsOf } from './weights-file.js';

/** Bytes hashed at a time. */
const PORTION = 8 * 2 ** 20;
/** Smaller files are hashed in less than a fifth of a second. */
const WORTH_KEEPING = 64 * 2 ** 20;
/** A file that was written so shortly before may be written again without another time. */
const SETTLED_MS = 2000;

/**
 * SHA-256 of the weights, in hexadecimal; of several shards, that of their names and digests. That of a large file is kept in the user's cache
 * under its path, and taken from there as long as size and times of the file are the same.
 *
 * @throws CheckpointError when a file is missing or changes meanwhile
 */
export async function digestOf(path: string): Promise<string> {
  const shards = shardsOf(path);
  if (shards.length === 0) return digestOfFile(path);
  const hash = createHash('sha256');
  for (const shard of shards) hash.update(`${shard} ${await digestOfFile(join(dirname(path), shard))}\n`);
  return hash.digest('hex');
}

async function digestOfFile(path: string): Promise<string> {
  const file = new RandomAccessFile(path);
  if (file.size < WORTH_KEEPING) return hashed(file);
  const before = await stampOf(path);
  const kept = userCachePath('digests', `${createHash('sha256').update(before.path).digest('hex').slice(0, 32)}.json`);
  const known = await readFile(kept, 'utf8').then(parsed, () => undefined);
  if (known?.stamp === before.stamp) return known.digest;
  const digest = hashed(file);
  const after = await stampOf(path);
  const settled = Date.now() - Math.max(after.mtimeMs, after.ctimeMs) > SETTLED_MS;
  if (settled && after.stamp === before.stamp) {
    await keepInUserCache(kept, JSON.stringify({ path: before.path, stamp: before.stamp, digest }));
  }
  return digest;
}

/** What tells that a file is another one. The time of its change goes on even where that of its content is set back. */
async function stampOf(path: string) {
  const real = await realpath(path);
  const { ino, size, mtimeMs, ctimeMs } = await stat(real);
  return { path: real, stamp: [ino, size, mtimeMs, ctimeMs].join(':'), mtimeMs, ctimeMs };
}

/** What is kept of a file; nothing where it is not whole. */
function parsed(text: string): { readonly stamp: string; readonly digest: string } | undefined {
  try {
    const { stamp, digest } = JSON.parse(text) as Record<string, unknown>;
    if (typeof stamp === 'string' && typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest))
      return { stamp, digest };
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
  }
  return undefined;
}

function hashed(file: RandomAccessFile): string {
  const hash = createHash('sha256');
  for (let done = 0; done < file.size; done += PORTION) {
    hash.update(file.read(done, Math.min(PORTION, file.size - done)));
  }
  return hash.digest('hex');
}
