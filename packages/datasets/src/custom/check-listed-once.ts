import { DatasetError } from '@promptweave/core';
import { severalLabels } from './one-label.js';

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
    if (first) {
      const rows = `(${first.row} and ${image.row})`;
      const path = JSON.stringify(first.path);
      if (first.label !== image.label) {
        const [one, other] = [first.label, image.label].map((label) => JSON.stringify(label));
        throw severalLabels(`The image ${path} has two labels, ${one} and ${other} ${rows}.`, where);
      }
      throw new DatasetError(`The image ${path} ${inTwoPlaces(first, image)} ${rows}.`, {
        where,
        remedy: 'List every image once, in one split.',
      });
    }
    seen.set(image.path, image);
  }
}

function inTwoPlaces(first: ListedImage, second: ListedImage): string {
  if (first.split && second.split && first.split !== second.split) {
    return `is in two splits, ${first.split} and ${second.split}`;
  }
  return 'is listed twice';
}
