import { CheckpointError } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import {
  expectRefused,
  generator,
  outcome,
  pickle,
  real,
  state,
  tensor,
  u32,
  zipOf,
} from './malformed.test.support.js';

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
