import type { Dataset, ImageItem } from '@promptweave/core';
import { createDataset } from '../create-dataset.js';
import { drawingImage } from './drawing-image.js';
import { drawingsByPart, heldOutDrawings } from './held-out.js';

/** Fewest images of a class in each of the parts. */
const fewest = { train: 16, val: 2, test: 16 };

/**
 * Classes: the Unicode subgroups ("animal bird", "food fruit", …), in alphabetical order, where there are enough
 * images. Train, validation and test hold different emoji. Styles: only those held out from the pretraining of the
 * embedded CLIP; the style that chose its recipe is in no test.
 *
 * @param size side of the images in pixels
 */
export function emojiGroups(size: number): Dataset {
  const parts = drawingsByPart(heldOutDrawings());
  const count = (part: keyof typeof parts, subgroup: string): number =>
    parts[part].filter((drawing) => drawing.emoji.subgroup === subgroup).length;
  const subgroups = [...new Set(parts.train.map((drawing) => drawing.emoji.subgroup))]
    .filter((name) => (['train', 'val', 'test'] as const).every((part) => count(part, name) >= fewest[part]))
    .sort();
  const items = (part: keyof typeof parts): ImageItem[] =>
    parts[part].flatMap((drawing) => {
      const label = subgroups.indexOf(drawing.emoji.subgroup);
      return label < 0 ? [] : [drawingImage(drawing, label, size)];
    });
  return createDataset({
    name: 'emoji-groups',
    classNames: subgroups.map((name) => name.replaceAll('-', ' ')),
    template: 'a photo of a {}.',
    imagePolicy: 'custom',
    train: items('train'),
    val: items('val'),
    test: items('test'),
  });
}
