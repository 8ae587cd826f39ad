import { DatasetError } from '@promptweave/core';
import { checkName } from './check-name.js';
import { FileImage, readDataText } from './file-image.js';
import { ListedPaths } from './listed-paths.js';
import { described, quoted } from './quoted.js';
import type { Splits } from './splits.js';

type Row = [path: string, label: unknown, name: string];

/**
 * Reads a `split_zhou_*.json`: `{ train, val, test }`, each a list of `[path, label, class name]`, with paths relative to the
 * folder of the images.
 *
 * @param images absolute path of that folder
 * @throws DatasetError naming the row
 */
export async function readSplitJson(file: string, images: string): Promise<Splits> {
  const wrong = (message: string, where = file, cause?: unknown): DatasetError =>
    new DatasetError(message, { where, remedy: 'Fetch the split file again, or repair it.', cause });
  let json: unknown;
  const text = await readDataText(file);
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw wrong('The split file is not JSON.', file, cause);
  }
  const listOf = (split: 'train' | 'val' | 'test'): readonly unknown[] => {
    const list: unknown = (json as Record<string, unknown> | null)?.[split];
    if (Array.isArray(list)) return list;
    if (list === undefined && split === 'val') return [];
    const found =
      typeof json === 'object' && !Array.isArray(json)
        ? `"${split}" is ${described(list)}`
        : `it is ${described(json)}`;
    throw wrong(
      `The split file has another form: ${found}. It must be { "train": [rows], "val": [rows], "test": [rows] }.`,
    );
  };
  const names: string[] = [];
  const paths = new ListedPaths(images);
  const lists = { train: listOf('train'), val: listOf('val'), test: listOf('test') };
  const count = lists.train.length + lists.val.length + lists.test.length;
  const read = (split: keyof typeof lists): FileImage[] =>
    lists[split].map((row, i) => {
      const where = `${file}, ${split}[${i}]`;
      if (!isRow(row)) throw wrong(`The row is ${formOf(row)}; it must be [path, label, class name].`, where);
      const [path, label, name] = row;
      if (typeof label !== 'number' || !Number.isSafeInteger(label) || label < 0) {
        throw wrong(`The label is ${described(label)}; labels are whole numbers from 0 on.`, where);
      }
      // Labels count from 0 and each has an image; a huge one would make a list of as many names.
      if (label >= count) throw wrong(`The label is ${label}, but there are ${count} images in all.`, where);
      const known = names[label];
      if (known === undefined) names[label] = checkName(name, where);
      else if (known !== name) {
        throw wrong(`The label ${label} has two names, ${quoted(known)} and ${quoted(name)}.`, where);
      }
      return new FileImage(images, paths.read(path, where), label);
    });
  const splits = { train: read('train'), val: read('val'), test: read('test') };
  const unused = Array.from(names).findIndex((name) => name === undefined);
  if (names.length === 0) throw wrong('The split file names no images.');
  if (unused >= 0) throw wrong(`No image has the label ${unused}, though there are labels up to ${names.length - 1}.`);
  return { classNames: names, ...splits, notes: paths.notes() };
}

function isRow(row: unknown): row is Row {
  return Array.isArray(row) && row.length === 3 && typeof row[0] === 'string' && typeof row[2] === 'string';
}

/** `[text, list of 2, text]`: what a wrong row looks like. */
function formOf(row: unknown): string {
  return Array.isArray(row) && row.length <= 5 ? `[${row.map(described).join(', ')}]` : described(row);
}
