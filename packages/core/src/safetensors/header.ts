import { CheckpointError } from '../errors.js';
import { bytesPerValue } from './decode.js';
import type { StoredType } from './host-tensor.js';

/** Bytes of the JSON header. The format allows 100 MB; weights with ten thousand tensors need about 1 MB. */
export const LARGEST_HEADER = 25_000_000;

/** Characters of the name of a tensor. */
const LONGEST_NAME = 1000;

/** Names of the safetensors format ↔ ours. */
export const storedTypes: Readonly<Record<string, StoredType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U8: 'uint8',
  BOOL: 'bool',
};

/** One tensor of the header: where its bytes lie, counted from the end of the header. */
export interface HeaderEntry {
  readonly name: string;
  readonly dtype: StoredType;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

/** What a header says, checked against the length of the data behind it. */
export interface Header {
  readonly metadata: Record<string, string>;
  /** In the order of their bytes. */
  readonly entries: HeaderEntry[];
}

/** A `fail` for one file: every complaint about a safetensors file has the same remedy. */
export function corrupt(message: string, where: string, cause?: unknown): CheckpointError {
  return new CheckpointError(message, {
    where,
    remedy: 'The file is truncated, corrupt or not a safetensors file: get it again or write it anew.',
    cause,
  });
}

/**
 * The length of the JSON header, from the first 8 bytes.
 *
 * @throws CheckpointError when the file cannot hold such a header
 */
export function headerLength(first: Uint8Array, fileSize: number, where: string): number {
  if (fileSize < 8) throw corrupt(`A safetensors file has at least 8 bytes, this one ${fileSize}.`, where);
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(LARGEST_HEADER) || Number(length) > fileSize - 8) {
    throw corrupt(`The header should have ${length} bytes, but the file has ${fileSize}.`, where);
  }
  return Number(length);
}

/**
 * Reads and checks a header: known types, ranges that fit the shapes and cover the data without gap or overlap.
 *
 * @param json the header's bytes
 * @param dataLength bytes behind the header
 * @throws CheckpointError naming the tensor
 */
export function parseHeader(json: Uint8Array, dataLength: number, where: string): Header {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (cause) {
    throw corrupt(`The header is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`, where, cause);
  }
  if (!isRecord(parsed)) throw corrupt('The header is not a JSON object.', where);
  let metadata: Record<string, string> = {};
  const entries: HeaderEntry[] = [];
  for (const [name, value] of Object.entries(parsed)) {
    if (name.length > LONGEST_NAME) throw corrupt(`The name of a tensor has ${name.length} characters.`, where);
    if (name === '__metadata__') metadata = metadataOf(value, where);
    else entries.push(entryOf(name, value, `${where}, tensor ${JSON.stringify(name)}`));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of entries) {
    const tensor = `${where}, tensor ${JSON.stringify(name)}`;
    if (begin < covered) throw corrupt(`Its bytes begin at ${begin}, inside another tensor's.`, tensor);
    if (begin > covered) throw corrupt(`Bytes ${covered} to ${begin} before it belong to no tensor.`, tensor);
    if (end > dataLength) throw corrupt(`Its bytes end at ${end}, the data at ${dataLength}.`, tensor);
    covered = end;
  }
  if (covered !== dataLength) throw corrupt(`${dataLength - covered} bytes at the end belong to no tensor.`, where);
  return { metadata, entries };
}

function entryOf(name: string, value: unknown, where: string): HeaderEntry {
  if (!isRecord(value)) throw corrupt('Its header entry is not an object.', where);
  const { dtype: code, shape, data_offsets: offsets } = value;
  const dtype = typeof code === 'string' && Object.hasOwn(storedTypes, code) ? storedTypes[code] : undefined;
  if (!dtype) {
    throw new CheckpointError(`Its type ${shown(code)} cannot be read.`, {
      where,
      remedy: `Convert it to one of ${Object.keys(storedTypes).join(', ')}.`,
    });
  }
  if (!isSizes(shape)) throw corrupt(`Its shape ${shown(shape)} is not a list of sizes.`, where);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw corrupt(`Its offsets ${shown(offsets)} are not two positions.`, where);
  }
  const [begin, end] = offsets as [number, number];
  const expected = shape.reduce((product, size) => product * size, bytesPerValue[dtype]);
  if (end - begin !== expected) {
    throw corrupt(`Shape ${shown(shape)} of ${dtype} needs ${expected} bytes, found ${end - begin}.`, where);
  }
  return { name, dtype, shape, begin, end };
}

function metadataOf(value: unknown, where: string): Record<string, string> {
  if (isRecord(value) && Object.values(value).every((text) => typeof text === 'string')) {
    return value as Record<string, string>;
  }
  throw corrupt('"__metadata__" is not an object of texts.', where);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function shown(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? 'nothing').slice(0, 80);
  } catch {
    return 'nested without end'; // more deeply than the stack is high
  }
}
