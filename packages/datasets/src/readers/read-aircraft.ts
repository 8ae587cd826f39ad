import { join } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { checkName } from './check-name.js';
import { readLines } from './class-names.js';
import { checkRelativePath, FileImage } from './file-image.js';
import { quoted } from './quoted.js';
import type { Splits } from './splits.js';

/** FGVC-Aircraft: `variants.txt` in the order of the labels, `images_variant_*.txt` with "1025794 707-320" a line. */
export async function readAircraft(root: string): Promise<Splits> {
  const variants = join(root, 'variants.txt');
  const labels = new Map<string, number>();
  for (const { text, where } of await readLines(variants)) {
    checkName(text, where);
    if (labels.has(text)) {
      throw new DatasetError(`The variant ${quoted(text)} is named twice.`, { where, remedy: 'Fetch the file again.' });
    }
    labels.set(text, labels.size);
  }
  const read = async (split: string): Promise<FileImage[]> => {
    const file = join(root, `images_variant_${split}.txt`);
    return (await readLines(file)).map(({ text, where }) => {
      const gap = text.indexOf(' ');
      const label = labels.get(text.slice(gap + 1));
      if (gap < 0 || label === undefined) {
        throw new DatasetError(`The line ${quoted(text)} names no variant of variants.txt.`, {
          where,
          remedy: 'Fetch the file again: images and variants must be of one release.',
        });
      }
      return new FileImage(root, checkRelativePath(`images/${text.slice(0, gap)}.jpg`, where), label);
    });
  };
  return {
    classNames: [...labels.keys()],
    train: await read('train'),
    val: await read('val'),
    test: await read('test'),
  };
}
