/** Pixels that an image has at most, as sharp's own limit. */
export const MOST_PIXELS = 0x3fff ** 2;
/** Bytes that decoding takes at most, of one image and of all at a time. */
export const MOST_BYTES = 448 * 2 ** 20;
/** Pixels of a drawing as it is rendered, at most; a larger one is rendered smaller. */
export const MOST_DRAWN_PIXELS = 4096 ** 2;

/** `1.5 million pixels`, as people count them. */
export function inMillions(pixels: number): string {
  return `${(pixels / 1e6).toFixed(pixels < 1e7 ? 1 : 0)} million pixels`;
}
