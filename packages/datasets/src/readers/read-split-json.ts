import { DatasetError } from '@promptweave/core';
import { z } from 'zod';
import { checkRelativePath, FileImage, readDataText } from './file-image.js';
import { shapeFaults } from './shape-faults.js';
import type { Splits } from './splits.js';

const entry = z.tuple([z.string(), z.int().nonnegative(), z.string()]);
const schema = z.object({ train: z.array(entry), val: z.array(entry).default([]), test: z.array(entry) });

/**
 * Reads a `split_zhou_*.json`: `{ train, val, test }`, each a list of `[path, label, class name]`, with paths relative to the
 * folder of the images.
 */
export async function readSplitJson(file: string, images: string): Promise<Splits> {
  const wrong = (message: string, cause?: unknown): DatasetError =>
    new DatasetError(message, { where: file, remedy: 'Fetch the split file again, or repair it.', cause });
  let json: unknown;
  const text = await readDataText(file);
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw wrong('The split file is not JSON.', cause);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw wrong(`The split file has another form: ${shapeFaults(parsed.error)}`);

  const names: string[] = [];
  const { train, val, test } = parsed.data;
  const rows = train.length + val.length + test.length;
  const read = (split: keyof typeof parsed.data): FileImage[] =>
    parsed.data[split].map(([path, label, name], i) => {
      // Labels count from 0 and each has an image; a huge one would make a list of as many names.
      if (label >= rows) throw wrong(`${split}[${i}] has the label ${label}, but there are ${rows} images in all.`);
      const known = names[label];
      if (known !== undefined && known !== name) {
        throw wrong(`The label ${label} has two names, ${JSON.stringify(known)} and ${JSON.stringify(name)}.`);
      }
      names[label] = name;
      return new FileImage(images, checkRelativePath(path, `${file}, ${split}[${i}]`), label);
    });
  const splits = { train: read('train'), val: read('val'), test: read('test') };
  const unused = Array.from(names).findIndex((name) => name === undefined);
  if (names.length === 0) throw wrong('The split file names no images.');
  if (unused >= 0) throw wrong(`No image has the label ${unused}, though there are labels up to ${names.length - 1}.`);
  return { classNames: names, ...splits };
}
