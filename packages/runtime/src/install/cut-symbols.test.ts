import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cutSymbols } from './cut-symbols.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptweave-cut-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file with two loaded segments, the second of which ends at 300, and 200 bytes more. */
function library(): Buffer {
  const file = Buffer.alloc(500, 7);
  file.write('\x7fELF', 0, 'latin1');
  file[4] = 2;
  file[5] = 1;
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(400n, 40);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(3, 56);
  file.writeUInt16LE(9, 60);
  const segment = (i: number, type: number, offset: bigint, size: bigint): void => {
    file.writeUInt32LE(type, 64 + 56 * i);
    file.writeBigUInt64LE(offset, 64 + 56 * i + 8);
    file.writeBigUInt64LE(size, 64 + 56 * i + 32);
  };
  segment(0, 1, 0n, 250n);
  segment(1, 1, 256n, 44n);
  segment(2, 4, 400n, 50n); // a note is not loaded by itself
  return file;
}

test('what is never loaded is cut off, once', async () => {
  const file = join(folder, 'lib.so');
  const before = library();
  await writeFile(file, before);
  expect(await cutSymbols(file)).toBe(200);
  const after = await readFile(file);
  expect(after).toHaveLength(300);
  expect(after.readBigUInt64LE(40)).toBe(0n);
  expect(after.readUInt32LE(60)).toBe(0);
  expect(after.subarray(64)).toEqual(before.subarray(64, 300));
  expect(await cutSymbols(file)).toBe(0);
});

test('a file of another kind stays as it is', async () => {
  const file = join(folder, 'text');
  await writeFile(file, 'no library, and longer than sixty-four bytes, so that a header could be read from it');
  expect(await cutSymbols(file)).toBe(0);
  expect(await readFile(file, 'utf8')).toMatch(/^no library/);
});
