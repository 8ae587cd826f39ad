import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { CheckpointError } from '@promptweave/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadClipCheckpoint } from './load-clip-checkpoint.js';

/** Of processor time, which does not depend on what else the machine does. */
const LONGEST_MS = 2000;
const MOST_MEMORY = 400 * 2 ** 20;

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'malformed-'))));
afterAll(() => rm(folder, { recursive: true }));

const real = Object.fromEntries(
  ['openai.safetensors', 'zip.bin', 'legacy.pt', 'torchscript.pt'].map((name) => [
    name,
    readFileSync(fileURLToPath(new URL(`../../fixtures/checkpoints/${name}`, import.meta.url))),
  ]),
);

/** Mulberry32: the same seed, the same malformed files. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Loads and decodes everything: the error, or nothing when the file was good. */
async function outcome(bytes: Uint8Array, extension: string): Promise<unknown> {
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
  expect((user + system) / 1000).toBeLessThan(LONGEST_MS);
  expect(process.memoryUsage().rss - before).toBeLessThan(MOST_MEMORY);
  return error;
}

async function expectRefused(bytes: Uint8Array, extension: string, message?: RegExp): Promise<void> {
  const error = await outcome(bytes, extension);
  expect(error).toBeInstanceOf(CheckpointError);
  const { where, remedy, message: said } = error as CheckpointError;
  expect(where).toContain('case.');
  expect(remedy).toBeTruthy();
  if (message) expect(said).toMatch(message);
}

/** A zip of stored members, or of deflated ones, as PyTorch lays them out. */
function zipOf(members: Record<string, Uint8Array>, change: { method?: number; claimed?: number } = {}): Buffer {
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

const pickle = (text: string | Buffer): Buffer =>
  zipOf({ 'a/data.pkl': Buffer.concat([Buffer.from('\x80\x02', 'latin1'), Buffer.from(text as string, 'latin1')]) });
const u32 = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('latin1');
};
/** A tensor of `values` float32 with this storage, as torch.save pickles it. */
const tensor = (shape: string, strides: string, offset = 'K\x00', key = '0'): string =>
  `ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00${key}X\x03\x00\x00\x00cpuK\x04tQ` +
  `${offset}(${shape}t(${strides}t\x89}tR`;
const state = (value: string): string => `}X\x01\x00\x00\x00w${value}s.`;

describe('files cut off', () => {
  it.each(Object.keys(real))('%s at 12 places', async (name) => {
    const bytes = real[name]!;
    const random = generator(11);
    const places = [0, 1, 7, 8, 9, bytes.length - 1, ...Array.from({ length: 6 }, () => random(bytes.length))];
    for (const length of places) await expectRefused(bytes.subarray(0, length), name.split('.')[1]!);
  });
});

describe('bytes changed', () => {
  it.each(Object.keys(real))('%s, 60 times: a typed error, or the weights', async (name) => {
    const bytes = real[name]!;
    const random = generator(23);
    const header = name === 'openai.safetensors' ? 8 + Number(bytes.readBigUInt64LE(0)) : bytes.length;
    const pickled = Math.max(0, bytes.indexOf('collections') - 200);
    let refused = 0;
    for (let round = 0; round < 60; round++) {
      const copy = Buffer.from(bytes);
      for (let flips = 1 + random(4); flips > 0; flips--) {
        const near = name.endsWith('safetensors') ? random(header) : pickled + random(Math.min(8000, header - pickled));
        copy[near] = random(256);
      }
      const error = await outcome(copy, name.split('.')[1]!);
      if (error !== undefined) {
        expect(error).toBeInstanceOf(CheckpointError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(5);
  });

  it.each(['zip.bin', 'torchscript.pt'])('the directory of %s, 60 times', async (name) => {
    const bytes = real[name]!;
    const random = generator(37);
    for (let round = 0; round < 60; round++) {
      const copy = Buffer.from(bytes);
      const from = Math.max(0, copy.length - 3000);
      for (let flips = 1 + random(6); flips > 0; flips--) copy[from + random(copy.length - from)] = random(256);
      const error = await outcome(copy, 'bin');
      if (error !== undefined) expect(error).toBeInstanceOf(CheckpointError);
    }
  });
});

describe('safetensors made to harm', () => {
  const bytes = real['openai.safetensors']!;
  const length = Number(bytes.readBigUInt64LE(0));
  const json = bytes.subarray(8, 8 + length).toString();
  const data = bytes.subarray(8 + length);
  const withHeader = (text: string, declared?: bigint): Buffer => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(declared ?? BigInt(Buffer.byteLength(text)));
    return Buffer.concat([size, Buffer.from(text), data]);
  };
  const offsets = /"data_offsets": \[(\d+), (\d+)\]/;
  it.each([
    ['a header of 2⁶³ bytes', withHeader(json, 2n ** 63n), /should have/],
    ['a header of 99 MB in a small file', withHeader(json, 99_000_000n), /should have/],
    ['a header that ends early', withHeader(json, BigInt(length - 5)), /not JSON/],
    ['deeply nested JSON', withHeader('['.repeat(1_000_000)), /JSON/],
    ['a negative offset', withHeader(json.replace(offsets, '"data_offsets": [-4, $2]')), /not two positions/],
    [
      'overlapping offsets',
      withHeader(json.replace(/"data_offsets": \[(160), (\d+)\]/, '"data_offsets": [158, $2]')),
      /needs|inside/,
    ],
    ['swapped offsets', withHeader(json.replace(offsets, '"data_offsets": [$2, $1]')), /needs/],
    ['an offset of 1e300', withHeader(json.replace(offsets, '"data_offsets": [$1, 1e300]')), /not two positions/],
    [
      'a shape of 2⁵³',
      withHeader(json.replace('"shape": [5, 16]', '"shape": [9007199254740991, 9007199254740991]')),
      /needs/,
    ],
    ['the name of a prototype', withHeader(json.replace('"logit_scale"', '"__proto__"')), /logit_scale/],
    ['a shape that is a text', withHeader(json.replace('"shape": [5, 16]', '"shape": "5,16"')), /not a list/],
    [
      'the same tensor twice',
      withHeader(json.replace('"visual.proj"', '"visual.class_embedding"')),
      /belong to no tensor|missing/,
    ],
  ])('%s', (_, file, message) => expectRefused(file, 'safetensors', message));
});

describe('pickles made to harm', () => {
  const reduce = (module: string, name: string): Buffer =>
    pickle(`c${module}\n${name}\nX\x0a\x00\x00\x00touch /bad\x85R.`);
  it.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['__builtin__', 'exec'],
    ['subprocess', 'Popen'],
    ['torch', 'load'],
    ['torch.hub', 'load'],
    ['torch._utils', '__import__'],
    ['collections', '__builtins__'],
    ['__proto__', 'constructor'],
    ['clip.model', 'CLIP'],
  ])('%s.%s is refused by name', (module, name) =>
    expectRefused(reduce(module, name), 'pt', new RegExp(`"${module}\\.${name}"`)),
  );

  it('refuses a global named through the stack of protocol 4', () =>
    expectRefused(pickle('\x8c\x02os\x8c\x06system\x93\x8c\x01a\x85R.'), 'pt', /"os\.system"/));

  it.each([
    ['an operation without use here', pickle('ios\nsystem\n.'), /operation 0x69/],
    ['no end', pickle('}'), /ends in the middle/],
    ['an empty stack', pickle('.'), /takes more/],
    ['a mark that hides the stack', pickle('}(s.'), /takes more/],
    ['a list never opened', pickle('}u.'), /never opened/],
    ['a value never stored', pickle('h\x09.'), /never stored/],
    ['a text of 4 GB', pickle(`X${u32(0xfffffff0)}a.`), /ends in the middle/],
    ['bytes of negative length', pickle(`B${u32(0xfffffffb)}a.`), /ends in the middle/],
    ['bytes of 2⁶⁴ − 1', pickle(`\x8e${'\xff'.repeat(8)}a.`), /ends in the middle/],
    ['an integer of a megabyte', pickle(`\x8b${u32(1 << 20)}${'\x7f'.repeat(1 << 20)}.`), /integer of 1048576 bytes/],
    ['two million lists', pickle(`${']'.repeat(2_000_000)}.`), /more than 400000 operations/],
    ['ten million marks', pickle(`${'('.repeat(10_000_000)}.`), /more than 400000 operations/],
    ['a state for a list', pickle(`]}X${u32(6)}lengthJ\xff\xff\xff\x7fsb.`), /state for no object/],
    ['a list as a dictionary', pickle(']K\x01K\x02s.'), /no dictionary/],
    ['a dictionary as a list', pickle('}K\x01a.'), /no list/],
    ['a call of a text', pickle('X\x01\x00\x00\x00a)R.'), /no global/],
    ['a call of a storage class', pickle('ctorch\nFloatStorage\n)R.'), /only names a type/],
    ['a strange persistent id', pickle('X\x02\x00\x00\x00/xQ.'), /no storage/],
    ['a dictionary in itself', pickle('}q\x00X\x01\x00\x00\x00ah\x00s.'), /contains itself/],
    ['a million globals', pickle(`${'ctorch\nSize\n'.repeat(1_000_000)}.`), /more than 400000 operations/],
    ['a key of 30 MB', pickle(`}X${u32(30 << 20)}${'k'.repeat(30 << 20)}}K\x01K\x02ss.`), /is no text of at most/],
    ['a tuple as a key', pickle(`}X${u32(10)}state_dict}K\x01\x85K\x02ss.`), /is no text of at most/],
    ['a list as the root', pickle('].'), /a list, not a state dictionary/],
    [
      'a billion laughs',
      pickle(
        `}q\x00${Array.from({ length: 40 }, (_, i) => `}q${String.fromCharCode(i + 1)}K\x01h${String.fromCharCode(i)}sK\x02h${String.fromCharCode(i)}s`).join('')}.`,
      ),
      /nested without end/,
    ],
    ['a storage that is not there', pickle(state(tensor('K\x04', 'K\x01'))), /needs 16 bytes, found nothing/],
    ['a tensor beyond its storage', pickle(state(tensor('K\x05', 'K\x01'))), /does not lie within/],
    ['a tensor from an offset beyond', pickle(state(tensor('K\x02', 'K\x01', 'K\x03'))), /does not lie within/],
    [
      'a tensor of 2⁴⁰ values with stride 0',
      pickle(state(tensor('J\x00\x00\x10\x00J\x00\x00\x10\x00', 'K\x00K\x00'))),
      /does not lie within/,
    ],
    ['a negative size', pickle(state(tensor('J\xff\xff\xff\xff', 'K\x01'))), /not described/],
    ['a negative offset', pickle(state(tensor('K\x01', 'K\x01', 'J\xff\xff\xff\xff'))), /not described/],
  ])('%s', (_, file, message) => expectRefused(file, 'pt', message));
});

describe('archives made to harm', () => {
  const zeros = new Uint8Array(200 * 2 ** 20);
  it.each([
    ['a bomb of 200 MB as the description', () => zipOf({ 'a/data.pkl': zeros }, { method: 8 }), /compressed/],
    [
      'a bomb as a storage',
      () => zipOf({ 'a/data.pkl': Buffer.from('}.'), 'a/data/0': zeros }, { method: 8 }),
      /compressed/,
    ],
    ['a member that claims 4 GB', () => zipOf({ 'a/data.pkl': Buffer.from('}.') }, { claimed: 0xfffffff0 }), /bounds/],
    ['a description of 65 MB', () => zipOf({ 'a/data.pkl': zeros.subarray(0, 65 * 2 ** 20) }), /need far fewer/],
    ['no description', () => zipOf({ 'a/other': Buffer.from('x') }), /no data\.pkl/],
    [
      'two descriptions',
      () => zipOf({ 'a/data.pkl': Buffer.from('}.'), 'b/data.pkl': Buffer.from('}.') }),
      /data\.pkl/,
    ],
    ['a path out of the archive', () => zipOf({ '../data.pkl': Buffer.from('}.') }), /data\.pkl|relative/],
    [
      'big-endian values',
      () => zipOf({ 'a/data.pkl': Buffer.from('}.'), 'a/byteorder': Buffer.from('big') }),
      /little-endian/,
    ],
    [
      '65,535 members in the directory of a small file',
      () => {
        const zip = zipOf({ 'a/data.pkl': Buffer.from('}.') });
        zip.writeUInt16LE(0xffff, zip.length - 12);
        return zip;
      },
      /./,
    ],
  ])('%s', (_, file, message) => expectRefused(file(), 'pt', message));
});
