import type { RgbImage } from './rgb-image.js';

/** Mean and standard deviation per colour, of values from 0 to 1. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Pixels as the vision tower takes them: `[3, height, width]`, (value / 255 − mean) / std, every operation in float32 as
 * torchvision does it.
 *
 * @param flip mirrors left and right.
 */
export function normalise({ data, width, height }: RgbImage, { mean, std }: Normalisation, flip = false): Float32Array {
  const area = width * height;
  const out = new Float32Array(3 * area);
  const [reds, greens, blues] = [0, 1, 2].map((channel) => {
    const shift = Math.fround(mean[channel]);
    const scale = Math.fround(std[channel]);
    return Float32Array.from({ length: 256 }, (_, value) => Math.fround(Math.fround(value / 255) - shift) / scale);
  });
  const step = flip ? -1 : 1;
  for (let y = 0, p = 0; y < height; y++) {
    let o = y * width + (flip ? width - 1 : 0);
    for (let x = 0; x < width; x++, o += step) {
      out[o] = reds[data[p++]];
      out[area + o] = greens[data[p++]];
      out[2 * area + o] = blues[data[p++]];
    }
  }
  return out;
}
