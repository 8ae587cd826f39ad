import { DatasetError } from '@promptweave/core';
import { quoted } from '../readers/quoted.js';
import { severalLabels } from './several-labels.js';

/** What a table or split file says of an image. */
export interface ListedImage {
  /** Path below the folder of the images. */
  readonly path: string;
  readonly label: string;
  readonly split?: string;
  /** The row, as a person finds it: `line 3`, `train[2]`. */
  readonly row: string;
}

/**
 * Refuses an image that is listed twice: in two splits it would be tested on what it was trained on, under two labels one is
 * wrong, and twice the same counts it double.
 *
 * @throws DatasetError naming both rows
 */
export function checkListedOnce(images: Iterable<ListedImage>, where: string): void {
  const seen = new Map<string, ListedImage>();
  for (const image of images) {
    const first = seen.get(image.path);
    if (first && first.label !== image.label) {
      const labels = [first.label, image.label];
      throw severalLabels(image.path, { labels, where, rows: `${first.row} and ${image.row}` });
    }
    if (first) {
      throw new DatasetError(`${difference(first, image)} (${first.row} and ${image.row}).`, {
        where,
        remedy: 'List every image once.',
      });
    }
    seen.set(image.path, image);
  }
}

function difference(first: ListedImage, second: ListedImage): string {
  const path = quoted(first.path);
  if (first.split && second.split && first.split !== second.split) {
    return `The image ${path} is in two splits, ${first.split} and ${second.split}`;
  }
  return `The image ${path} is listed twice`;
}
