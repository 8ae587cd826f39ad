import { evaluationGeometry } from './evaluation-geometry.js';
import { normalise, type Normalisation } from './normalise.js';
import { resizeBicubic } from './resample.js';
import type { RgbImage } from './rgb-image.js';

/** What a vision tower expects: a square of `size` pixels, normalised. CLIP's values come with the checkpoint. */
export interface InputFormat extends Normalisation {
  /** Side of the square in pixels. */
  readonly size: number;
}

/**
 * CLIP's evaluation transform: bicubic resize of the short side to `size`, centre crop, normalise. Bit for bit what Pillow
 * and torchvision compute from the same pixels.
 *
 * @returns `[3, size, size]`
 */
export function preprocessForEvaluation(image: RgbImage, format: InputFormat): Float32Array {
  const { width, height } = image;
  const geometry = evaluationGeometry(width, height, format.size);
  const region = { left: 0, top: 0, width, height };
  return normalise(resizeBicubic(image, region, geometry.width, geometry.height, geometry.crop), format);
}
