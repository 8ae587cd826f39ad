import { join } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { readLines } from './class-names.js';
import { checkRelativePath, FileImage } from './file-image.js';
import type { Splits } from './splits.js';

/** FGVC-Aircraft: `variants.txt` in the order of the labels, `images_variant_*.txt` with "1025794 707-320" a line. */
export async function readAircraft(root: string): Promise<Splits> {
  const classNames = await readLines(join(root, 'variants.txt'));
  const labels = new Map(classNames.map((name, label) => [name, label]));
  const read = async (split: string): Promise<FileImage[]> => {
    const file = join(root, `images_variant_${split}.txt`);
    return (await readLines(file)).map((line) => {
      const gap = line.indexOf(' ');
      const variant = line.slice(gap + 1);
      const label = labels.get(variant);
      if (gap < 0 || label === undefined) {
        throw new DatasetError(`The line ${JSON.stringify(line)} names no variant of variants.txt.`, {
          where: file,
          remedy: 'Fetch the file again: images and variants must be of one release.',
        });
      }
      return new FileImage(root, checkRelativePath(`images/${line.slice(0, gap)}.jpg`, file), label);
    });
  };
  return { classNames, train: await read('train'), val: await read('val'), test: await read('test') };
}
