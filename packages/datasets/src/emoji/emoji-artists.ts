import type { Dataset } from '@promptweave/core';
import { createDataset } from '../create-dataset.js';
import { drawingImage } from './drawing-image.js';
import { drawingsByPart, heldOutDrawings } from './held-out.js';
import { stylesOf } from './split.js';

/**
 * Who drew it? Classes: the held-out artists, whose names mean nothing to a CLIP: the extreme case for label alignment.
 * Train, validation and test hold different emoji.
 *
 * @param size side of the images in pixels
 */
export function emojiArtists(size: number): Dataset {
  const styles = stylesOf('downstream');
  const parts = drawingsByPart(heldOutDrawings().filter((drawing) => drawing.style.role === 'downstream'));
  const items = (part: keyof typeof parts) =>
    parts[part].map((drawing) => drawingImage(drawing, styles.indexOf(drawing.style), size));
  return createDataset({
    name: 'emoji-artists',
    classNames: styles.map((style) => style.artist),
    template: 'a drawing by {}.',
    imagePolicy: 'custom',
    train: items('train'),
    val: items('val'),
    test: items('test'),
  });
}
