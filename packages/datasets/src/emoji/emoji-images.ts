import { DatasetError, type ImageItem } from '@promptweave/core';
import { drawingImage } from './drawing-image.js';
import { readDrawings } from './drawings.js';
import { emojiCodeOf } from './emoji-names.js';
import { stylesOf } from './split.js';

/** Whether a word is written as an emoji's name: `:dog:`. */
export function isEmojiName(word: string): boolean {
  return /^:[^:/\\]+:$/.test(word);
}

/**
 * The drawings of one emoji in the styles that the embedded CLIP has never seen, as images with label 0.
 *
 * @param name label or shortcode between colons: `:dog:`, `:hot beverage:`
 * @param size side in pixels
 * @throws DatasetError where no emoji has the name, or none of these styles draws it
 */
export function emojiImages(name: string, size: number): ImageItem[] {
  const code = emojiCodeOf(name);
  const images = stylesOf('downstream').flatMap((style) =>
    readDrawings(style)
      .filter(({ emoji }) => emoji.code === code)
      .map((drawing) => drawingImage(drawing, 0, size)),
  );
  if (images.length > 0) return images;
  throw new DatasetError(code === undefined ? 'No emoji has this name.' : 'No held-out style draws this emoji.', {
    where: name,
    remedy:
      'Write an English name or a shortcode between colons: ":dog:", ":hot beverage:". ' +
      'Flags, clock faces and skin tones are left out.',
  });
}
