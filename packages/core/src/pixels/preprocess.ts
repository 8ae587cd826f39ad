import type { Preprocessing } from '../contracts/preprocessing.js';
import { evaluationGeometry } from './evaluation-geometry.js';
import { normalise } from './normalise.js';
import { resize } from './resample.js';
import type { RgbImage } from './rgb-image.js';

/**
 * CLIP's evaluation transform: resize of the short side to `size` and centre crop, or to the square; normalise. Bit for bit what Pillow
 * and torchvision compute from the same pixels.
 *
 * @returns `[3, size, size]`
 */
export function preprocessForEvaluation(image: RgbImage, format: Preprocessing): Float32Array {
  const { width, height } = image;
  const geometry = evaluationGeometry(width, height, format);
  const region = { left: 0, top: 0, width, height };
  return normalise(resize(image, region, geometry.width, geometry.height, format.interpolation, geometry.crop), format);
}
