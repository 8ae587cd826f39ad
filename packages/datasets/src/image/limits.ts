/** Pixels of an image at most, as many as Pillow reads without a warning. */
export const MOST_PIXELS = 2 ** 28 / 3;
/** Bytes that decoding an image takes at most. */
export const MOST_BYTES = 400 * 2 ** 20;
/** Bytes that decoding takes of all images at a time, but for one that takes more alone. */
export const MOST_BYTES_TOGETHER = 192 * 2 ** 20;
/** Pixels of a drawing as it is rendered, at most; a larger one is rendered smaller. */
export const MOST_DRAWN_PIXELS = 4096 ** 2;
/** Bytes that rendering a drawing takes at most. */
export const MOST_DRAWING_BYTES = 192 * 2 ** 20;
/** Bytes a pixel that decoding HEIC takes, as measured. */
export const HEIC_BYTES = 16;
/** Pixels of a photo in HEIC at most. */
export const MOST_HEIC_PIXELS = MOST_BYTES / HEIC_BYTES;

/** Seconds for decoding an image of pixels. */
export const MOST_SECONDS = 30;

/** `1.5 million pixels`, as people count them. */
export function inMillions(pixels: number): string {
  return `${(pixels / 1e6).toFixed(pixels < 1e7 ? 1 : 0)} million pixels`;
}
