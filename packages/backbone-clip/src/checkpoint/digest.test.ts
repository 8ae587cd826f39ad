import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { digestOf } from './digest.js';

const MEBIBYTE = 2 ** 20;
let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'digest-'));
  file = join(folder, 'model.safetensors');
});
afterAll(() => rm(folder, { recursive: true }));

/** A sparse file with one byte in its middle, some time ago. */
async function make(size: number, byte: number): Promise<string> {
  await writeFile(file, '');
  await truncate(file, size);
  const handle = await open(file, 'r+');
  await handle.write(Buffer.of(byte), 0, 1, size / 2);
  await handle.close();
  await utimes(file, 1000, 1000);
  const content = Buffer.alloc(size);
  content[size / 2] = byte;
  return createHash('sha256').update(content).digest('hex');
}

const kept = (): Promise<string[]> => readdir(join(folder, 'cache', 'digests')).catch(() => []);

beforeEach(async () => {
  vi.stubEnv('PROMPTWEAVE_CACHE', join(folder, 'cache'));
  await rm(join(folder, 'cache'), { recursive: true, force: true });
});

it('is kept for a large file, and found anew when the file is another one of the same size and time', async () => {
  const first = await make(64 * MEBIBYTE, 1);
  const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000);
  expect(await digestOf(file)).toBe(first);
  const [name] = await kept();
  const path = join(folder, 'cache', 'digests', name!);
  const entry = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
  expect(entry['digest']).toBe(first);

  const other = 'f'.repeat(64); // shows that the file is not read again
  await writeFile(path, JSON.stringify({ ...entry, digest: other }));
  expect(await digestOf(file)).toBe(other);

  const second = await make(64 * MEBIBYTE, 2);
  expect(await digestOf(file)).toBe(second);
  expect(await digestOf(file)).toBe(second);

  await writeFile(path, '{"stamp":');
  expect(await digestOf(file)).toBe(second);
  now.mockRestore();
});

it('is not kept of a small file, nor of one that was written just now', async () => {
  const small = await make(MEBIBYTE, 1);
  expect(await digestOf(file)).toBe(small);
  const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now()); // however long a busy machine takes
  const large = await make(64 * MEBIBYTE, 3);
  expect(await digestOf(file)).toBe(large);
  expect(await kept()).toEqual([]);
  now.mockRestore();
});
