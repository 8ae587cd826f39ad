import { join } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { CIFAR_BYTES, CifarImage } from './cifar-image.js';
import { checkName } from './check-name.js';
import { readDataFile } from './file-image.js';
import { readPickle, type Pickled } from './read-pickle.js';
import type { Splits } from './splits.js';

/** Bytes of the longest class name. */
const LONGEST_NAME = 256;

function damaged(file: string, message: string, cause?: unknown): DatasetError {
  return new DatasetError(`The file is not CIFAR-100's: ${message}.`, {
    where: file,
    remedy: 'Unpack the python version of the archive again.',
    cause,
  });
}

async function readDictionary(file: string): Promise<{ bytes: Buffer; entries: Map<string, Pickled> }> {
  const bytes = await readDataFile(file);
  let value: Pickled;
  try {
    value = readPickle(bytes);
  } catch (cause) {
    throw damaged(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (!(value instanceof Map)) throw damaged(file, 'it holds no dictionary');
  return { bytes, entries: value };
}

/** Where the pixels begin in the file: an array of `[count, 3072]` bytes. */
function findPixels(value: Pickled | undefined, bytes: Buffer, count: number, file: string): number {
  const isArray = typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'array';
  const state = isArray && 'state' in value ? value.state : undefined;
  const [, shape, type, byColumns, pixels] = Array.isArray(state) ? state : [];
  const isBytes = typeof type === 'object' && type !== null && 'name' in type && type.name === 'u1';
  const fits = Array.isArray(shape) && shape[0] === count && shape[1] === CIFAR_BYTES && byColumns === false;
  if (!isBytes || !fits || !Buffer.isBuffer(pixels) || pixels.length !== count * CIFAR_BYTES) {
    throw damaged(file, `"data" is no array of ${count} × ${CIFAR_BYTES} bytes`);
  }
  return pixels.byteOffset - bytes.byteOffset;
}

async function readImages(base: string, split: string, classes: number): Promise<CifarImage[]> {
  const file = join(base, split);
  const { bytes, entries } = await readDictionary(file);
  const labels = entries.get('fine_labels');
  if (!Array.isArray(labels)) throw damaged(file, 'it has no "fine_labels"');
  const start = findPixels(entries.get('data'), bytes, labels.length, file);
  return labels.map((label, i) => {
    if (typeof label !== 'number' || !Number.isInteger(label) || label < 0 || label >= classes) {
      const found = typeof label === 'number' ? `the label ${label}` : 'a label that is no number';
      throw damaged(file, `image ${i} has ${found}, but labels go from 0 to ${classes - 1}`);
    }
    return new CifarImage(file, start + i * CIFAR_BYTES, split, i, label);
  });
}

/** CIFAR-100's python version: pickles `train`, `test` and `meta`. */
export async function readCifarPython(base: string): Promise<Splits> {
  const file = join(base, 'meta');
  const names = (await readDictionary(file)).entries.get('fine_label_names');
  if (!Array.isArray(names) || names.length === 0) throw damaged(file, 'it has no "fine_label_names"');
  const classNames = names.map((name, i) => {
    if (!Buffer.isBuffer(name) || name.length > LONGEST_NAME)
      throw damaged(file, `the name of class ${i} is no short text`);
    return checkName(name.toString('utf8'), file);
  });
  return {
    classNames,
    train: await readImages(base, 'train', classNames.length),
    val: [],
    test: await readImages(base, 'test', classNames.length),
  };
}
