import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { CheckpointError } from '@promptweave/core';
import { expect } from 'vitest';
import { loadClipCheckpoint } from './load-clip-checkpoint.js';

/** Of processor time, which does not depend on what else the machine does. */
const LONGEST_MS = 2000;
const MOST_MEMORY = 400 * 2 ** 20;

export const real = Object.fromEntries(
  ['openai.safetensors', 'zip.bin', 'legacy.pt', 'torchscript.pt'].map((name) => [
    name,
    readFileSync(fileURLToPath(new URL(`../../fixtures/checkpoints/${name}`, import.meta.url))),
  ]),
);

/** Mulberry32: the same seed, the same malformed files. */
export function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Loads and decodes everything: the error, or nothing when the file was good. */
export async function outcome(bytes: Uint8Array, extension: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'malformed-'));
  const path = join(folder, `case.${extension}`);
  await writeFile(path, bytes);
  const before = process.memoryUsage().rss;
  const start = process.cpuUsage();
  const error = await loadClipCheckpoint(path, { visionHeads: 3, textHeads: 2 }).then(
    ({ tensors }) => {
      try {
        tensors.forEach((tensor) => tensor.data());
        return undefined;
      } catch (caught) {
        return caught;
      }
    },
    (caught: unknown) => caught,
  );
  const { user, system } = process.cpuUsage(start);
  await rm(folder, { recursive: true });
  expect((user + system) / 1000).toBeLessThan(LONGEST_MS);
  expect(process.memoryUsage().rss - before).toBeLessThan(MOST_MEMORY);
  return error;
}

export async function expectRefused(bytes: Uint8Array, extension: string, message?: RegExp): Promise<void> {
  const error = await outcome(bytes, extension);
  expect(error).toBeInstanceOf(CheckpointError);
  const { where, remedy, message: said } = error as CheckpointError;
  expect(where).toContain('case.');
  expect(remedy).toBeTruthy();
  if (message) expect(said).toMatch(message);
}

/** A zip of stored members, or of deflated ones, as PyTorch lays them out. */
export function zipOf(members: Record<string, Uint8Array>, change: { method?: number; claimed?: number } = {}): Buffer {
  const { method = 0, claimed } = change;
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(members)) {
    const data = method === 0 ? content : deflateRawSync(content);
    const size = claimed ?? content.byteLength;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(data.byteLength, 18);
    local.writeUInt32LE(size, 22);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(claimed ?? data.byteLength, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(name), Buffer.from(data));
    central.push(entry, Buffer.from(name));
    offset += 30 + name.length + data.byteLength;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(members).length, 8);
  end.writeUInt16LE(Object.keys(members).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

export const pickle = (text: string | Buffer): Buffer =>
  zipOf({ 'a/data.pkl': Buffer.concat([Buffer.from('\x80\x02', 'latin1'), Buffer.from(text as string, 'latin1')]) });
export const u32 = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('latin1');
};
/** A tensor of `values` float32 with this storage, as torch.save pickles it. */
export const tensor = (shape: string, strides: string, offset = 'K\x00', key = '0'): string =>
  `ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00${key}X\x03\x00\x00\x00cpuK\x04tQ` +
  `${offset}(${shape}t(${strides}t\x89}tR`;
export const state = (value: string): string => `}X\x01\x00\x00\x00w${value}s.`;
