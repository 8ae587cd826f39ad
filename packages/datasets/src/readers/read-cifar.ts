import { join } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { CIFAR_BYTES, CifarImage } from './cifar-image.js';
import { checkName } from './check-name.js';
import { readLines } from './class-names.js';
import { readDataFile } from './file-image.js';
import { listFolder } from './list-folder.js';
import { readCifarPython } from './read-cifar-python.js';
import type { Splits } from './splits.js';

/** Coarse label, fine label, pixels. */
const RECORD = 2 + CIFAR_BYTES;

async function readRecords(file: string, split: string, classes: number): Promise<CifarImage[]> {
  const bytes = await readDataFile(file);
  const remedy = 'Unpack the binary version of the archive again.';
  if (bytes.length === 0 || bytes.length % RECORD !== 0) {
    const message = `The file is not whole: ${bytes.length} bytes are no multiple of ${RECORD}.`;
    throw new DatasetError(message, { where: file, remedy });
  }
  return Array.from({ length: bytes.length / RECORD }, (_, i) => {
    const label = bytes[i * RECORD + 1];
    if (label >= classes) {
      const message = `Record ${i} has the label ${label}, but there are ${classes} classes.`;
      throw new DatasetError(message, { where: file, remedy });
    }
    return new CifarImage(file, i * RECORD + 2, split, i, label);
  });
}

async function readCifarBinary(base: string): Promise<Splits> {
  const lines = await readLines(join(base, 'fine_label_names.txt'));
  const classNames = lines.map(({ text, where }) => checkName(text, where));
  return {
    classNames,
    train: await readRecords(join(base, 'train.bin'), 'train', classNames.length),
    val: [],
    test: await readRecords(join(base, 'test.bin'), 'test', classNames.length),
  };
}

/**
 * CIFAR-100 from either version of the archive, in the folder itself or in `cifar-100-binary/` or `cifar-100-python/`: binary
 * (`train.bin`, `test.bin`, `fine_label_names.txt`) or python (`train`, `test`, `meta`).
 */
export async function readCifar100(root: string): Promise<Splits> {
  const { folders } = await listFolder(root);
  const unpacked = ['cifar-100-binary', 'cifar-100-python'].find((name) => folders.includes(name));
  const base = unpacked === undefined ? root : join(root, unpacked);
  return (await listFolder(base)).files.includes('meta') ? readCifarPython(base) : readCifarBinary(base);
}
