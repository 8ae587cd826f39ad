/** Pixels of an image at most: those of the largest cameras. */
export const MOST_PIXELS = 110e6;
/** Pixels of a photo in HEIC at most: those of the largest telephones. */
export const MOST_HEIC_PIXELS = 50e6;
/** Pixels of a drawing as it is rendered, at most; a larger one is rendered smaller. */
export const MOST_DRAWN_PIXELS = 4096 ** 2;
/** Seconds for decoding an image of pixels. */
export const MOST_SECONDS = 30;
/** Bytes that images which are decoded at the same time take together, one that is larger alone. */
export const BYTES_AT_ONCE = 256 * 2 ** 20;

/** `1.5 million pixels`, as people count them. */
export function inMillions(pixels: number): string {
  return `${(pixels / 1e6).toFixed(pixels < 1e7 ? 1 : 0)} million pixels`;
}
