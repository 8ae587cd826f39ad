import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CheckpointError } from '../errors.js';
import { rowReader } from './host-tensor.js';
import { hostTensor, parseSafetensors, readSafetensors, writeSafetensors, type StateDict } from './index.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'safetensors-'))));
afterAll(() => rm(folder, { recursive: true }));

/** A file as the format's description says: length, JSON, bytes. */
function fileOf(header: unknown, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  return Buffer.concat([length, json, data]);
}

describe('reading', () => {
  it.each([
    ['F64', new Float64Array([1.5, -2]), [1.5, -2]],
    ['F32', new Float32Array([1.5, -2]), [1.5, -2]],
    ['F16', new Uint16Array([0x3e00, 0xc000]), [1.5, -2]],
    ['BF16', new Uint16Array([0x3fc0, 0xc000]), [1.5, -2]],
    ['I64', new BigInt64Array([7n, -2147483648n]), [7, -2147483648]],
    ['I32', new Int32Array([7, -8]), [7, -8]],
    ['I16', new Int16Array([7, -8]), [7, -8]],
    ['I8', new Int8Array([7, -8]), [7, -8]],
    ['U8', new Uint8Array([7, 248]), [7, 248]],
    ['BOOL', new Uint8Array([0, 1]), [0, 1]],
  ])('decodes %s', (dtype, stored, expected) => {
    const header = {
      __metadata__: { format: 'pt' },
      odd: { dtype: 'U8', shape: [], data_offsets: [0, 1] },
      values: { dtype, shape: [2, 1], data_offsets: [1, 1 + stored.byteLength] },
    };
    const data = Buffer.concat([Buffer.of(9), Buffer.from(stored.buffer)]);
    const { metadata, tensors } = parseSafetensors(fileOf(header, data), 'a test');
    expect(metadata).toEqual({ format: 'pt' });
    expect(tensors.get('values')?.shape).toEqual([2, 1]);
    const values = tensors.get('values')!.data();
    expect([...values]).toEqual(expected);
    expect(values).toBeInstanceOf(dtype.includes('F') ? Float32Array : Int32Array);
    expect([...tensors.get('odd')!.data()]).toEqual([9]);
  });

  it.each(['F32', 'F16', 'I16'] as const)('reads single rows of a matrix of %s', (dtype) => {
    const stored = { F32: new Float32Array([1, 2, 3, 4, 5, 6]), F16: null, I16: new Int16Array([1, 2, 3, 4, 5, 6]) }[
      dtype
    ];
    const halves = new Uint16Array([0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600]);
    const data = Buffer.from((stored ?? halves).buffer);
    const header = {
      before: { dtype: 'U8', shape: [1], data_offsets: [0, 1] },
      matrix: { dtype, shape: [3, 2], data_offsets: [1, 1 + data.byteLength] },
    };
    const { tensors } = parseSafetensors(fileOf(header, Buffer.concat([Buffer.of(9), data])), 'a test');
    const matrix = tensors.get('matrix')!;
    const rows = matrix.rows!([2, 0, 2]);
    expect([...rows]).toEqual([5, 6, 1, 2, 5, 6]);
    expect(rows).toBeInstanceOf(dtype === 'I16' ? Int32Array : Float32Array);
    expect([...matrix.rows!([1, 2, 0])]).toEqual([3, 4, 5, 6, 1, 2]);
    expect(() => matrix.rows!([3])).toThrow(/no row 3 of 3/);
    expect(() => matrix.rows!([1, 2, 3])).toThrow(/no row 3 of 3/);
    expect(() => matrix.rows!([-1])).toThrow(RangeError);
    expect(matrix.rows!([])).toHaveLength(0);
    expect(tensors.get('before')!.rows).toBeUndefined();
  });

  it('reads rows that follow each other at once', () => {
    const read = vi.fn((begin: number, length: number) => new Float32Array(length / 4).fill(begin));
    rowReader([50_000, 2], 4, read)([...Array.from({ length: 40_000 }, (_, row) => row), 7, 8, 49_999]);
    expect(read.mock.calls).toEqual([
      [0, 320_000],
      [56, 16],
      [399_992, 8],
    ]);
  });

  it('refuses an int64 beyond 32 bits when it is asked for', () => {
    const data = Buffer.from(new BigInt64Array([1n, 2n ** 31n]).buffer);
    const { tensors } = parseSafetensors(fileOf({ n: { dtype: 'I64', shape: [2], data_offsets: [0, 16] } }, data), 'f');
    expect(() => tensors.get('n')!.data()).toThrow(/2147483648 at index 1 does not fit/);
  });

  const one = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
  it.each([
    ['an empty file', new Uint8Array(0), /at least 8 bytes/],
    ['a header longer than the file', Buffer.from([255, 0, 0, 0, 0, 0, 0, 0, 0x7b]), /should have 255 bytes/],
    ['a header of 2⁶⁴ − 1 bytes', Buffer.alloc(40, 255), /should have 18446744073709551615 bytes/],
    ['broken JSON', fileOf('{"a": '), /not JSON/],
    ['broken UTF-8', Buffer.concat([fileOf('{"é": 1}').subarray(0, 10), Buffer.alloc(9, 255)]), /not JSON/],
    ['a list', fileOf([]), /not a JSON object/],
    ['metadata of numbers', fileOf({ __metadata__: { a: 1 } }), /object of texts/],
    ['an entry without object', fileOf({ a: 3 }), /tensor "a"/],
    ['an unknown type', fileOf({ a: { ...one, dtype: 'F8_E4M3' } }), /F8_E4M3/],
    ['a type named as a method of objects', fileOf({ a: { ...one, dtype: 'toString' } }), /toString/],
    ['a negative size', fileOf({ a: { ...one, shape: [-2] } }), /not a list of sizes/],
    ['a fractional offset', fileOf({ a: { ...one, data_offsets: [0, 0.5] } }), /not two positions/],
    ['a negative offset', fileOf({ a: { ...one, data_offsets: [-8, 0] } }), /not two positions/],
    ['a shape that needs other bytes', fileOf({ a: { ...one, shape: [3] } }), /needs 12 bytes, found 8/],
    ['a huge shape', fileOf({ a: { ...one, shape: [2 ** 40, 2 ** 40] } }), /needs 4.8\d+e\+24 bytes/],
    ['data cut off', fileOf({ a: one }, new Uint8Array(7)), /end at 8, the data at 7/],
    ['data left over', fileOf({ a: one }, new Uint8Array(9)), /1 bytes at the end/],
    ['overlap', fileOf({ a: one, b: { ...one, data_offsets: [4, 12] } }, new Uint8Array(12)), /inside another/],
    ['a gap', fileOf({ a: one, b: { ...one, data_offsets: [9, 17] } }, new Uint8Array(17)), /belong to no tensor/],
  ])('refuses %s', (_, bytes, message) => {
    let caught: unknown;
    try {
      parseSafetensors(bytes, 'weights.safetensors');
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(CheckpointError);
    const { message: said, where, remedy } = caught as CheckpointError;
    expect(`${where}: ${said}`).toMatch(message);
    expect(where).toContain('weights.safetensors');
    expect(remedy).toBeTruthy();
  });

  it('notices that the file changed after it was opened', async () => {
    const path = join(folder, 'changing.safetensors');
    await writeSafetensors(path, new Map([['a', hostTensor(Float32Array.of(1, 2), [2])]]));
    const { tensors } = await readSafetensors(path);
    await writeSafetensors(path, new Map([['a', hostTensor(Float32Array.of(3, 4), [2])]]));
    expect(() => tensors.get('a')!.data()).toThrow(/changed while it was being read/);
  });

  it('says that a file is missing, or is a folder', async () => {
    await expect(readSafetensors(join(folder, 'none'))).rejects.toThrow(/ENOENT/);
    await expect(readSafetensors(folder)).rejects.toThrow(CheckpointError);
  });
});

describe('writing', () => {
  const tensors: StateDict = new Map([
    ['half', hostTensor(Float32Array.of(0.5, -1, 65504), [3, 1], 'float16')],
    ['float', hostTensor(Float32Array.of(Math.PI, -0), [2])],
    ['__proto__', hostTensor(Int32Array.of(3, -4), [1, 2])],
    ['scalar', hostTensor(Float32Array.of(4.6), [])],
  ]);

  it('gives back what was written', async () => {
    const path = join(folder, 'written.safetensors');
    await writeSafetensors(path, tensors, { note: 'grüße' });
    const { metadata, tensors: read } = await readSafetensors(path);
    expect(metadata).toEqual({ note: 'grüße' });
    expect([...read.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, { dtype, shape, data }] of tensors) {
      expect(read.get(name)).toMatchObject({ dtype, shape });
      expect([...read.get(name)!.data()]).toEqual([...data()]);
    }
  });

  it('writes the documented layout, byte by byte', async () => {
    const path = join(folder, 'layout.safetensors');
    await writeSafetensors(path, new Map([['a', hostTensor(Float32Array.of(1), [1])]]));
    const json = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    const padded = json.padEnd(56, ' ');
    expect(await readFile(path)).toEqual(
      Buffer.concat([Buffer.of(56, 0, 0, 0, 0, 0, 0, 0), Buffer.from(padded), Buffer.of(0, 0, 0x80, 0x3f)]),
    );
  });

  it('leaves the former file, and nothing else, when a value does not fit', async () => {
    const path = join(folder, 'kept.safetensors');
    await writeFile(path, 'former');
    const large = new Map([['a', hostTensor(Float32Array.of(1, 70000), [2], 'float16')]]);
    await expect(writeSafetensors(path, large)).rejects.toThrow(/70000 at index 1 is too large/);
    expect(await readFile(path, 'utf8')).toBe('former');
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('says where it could not write', async () => {
    await expect(writeSafetensors(join(folder, 'no', 'where'), tensors)).rejects.toThrow(CheckpointError);
  });

  it('refuses the reserved name', async () => {
    const reserved = new Map([['__metadata__', hostTensor(Float32Array.of(1), [1])]]);
    await expect(writeSafetensors(join(folder, 'reserved'), reserved)).rejects.toThrow(/reserves/);
  });
});
