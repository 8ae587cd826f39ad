import { createHash } from 'node:crypto';
import type { Preprocessing } from '@promptweave/core';
import { createPythonRandom } from '../sampling/python-random.js';
import { normalise, resize, roundHalfEven } from '@promptweave/core/portable';
import type { Box, RgbImage } from './rgb-image.js';

/** Smallest share of the image's area that a training crop covers. */
const SCALE = 0.08;
/** Width over height of a training crop. */
const RATIO = [3 / 4, 4 / 3] as const;
const TRIES = 10;

/** A source of numbers from 0 up to but not including 1, and of whole numbers below a limit. */
export interface Draws {
  unit(): number;
  below(limit: number): number;
}

/** The draws of one image in one epoch: they depend on nothing else, so any order or process gives the same crop. */
export function drawsFor(seed: number, epoch: number, id: string): Draws {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, epoch, id]))
    .digest();
  return createPythonRandom([0, 4, 8, 12].map((offset) => digest.readUInt32LE(offset)));
}

/**
 * The rectangle of torchvision's `RandomResizedCrop`: an area and, on a logarithmic scale, a shape are drawn up to ten times
 * until the rectangle fits; failing that, the largest allowed one in the centre.
 *
 * @param smallest share of the area that a crop covers
 */
export function drawCrop(width: number, height: number, draws: Draws, smallest = SCALE): Box {
  const [low, high] = RATIO.map(Math.log);
  for (let i = 0; i < TRIES; i++) {
    const area = width * height * (smallest + draws.unit() * (1 - smallest));
    const ratio = Math.exp(low + draws.unit() * (high - low));
    const cropWidth = roundHalfEven(Math.sqrt(area * ratio));
    const cropHeight = roundHalfEven(Math.sqrt(area / ratio));
    if (cropWidth > 0 && cropWidth <= width && cropHeight > 0 && cropHeight <= height) {
      const top = draws.below(height - cropHeight + 1);
      return { left: draws.below(width - cropWidth + 1), top, width: cropWidth, height: cropHeight };
    }
  }
  const cropWidth = Math.min(width, Math.max(1, roundHalfEven(height * RATIO[1])));
  const cropHeight = Math.min(height, Math.max(1, roundHalfEven(width / RATIO[0])));
  return {
    left: Math.trunc((width - cropWidth) / 2),
    top: Math.trunc((height - cropHeight) / 2),
    width: cropWidth,
    height: cropHeight,
  };
}

/**
 * The training transform of all the methods: a random resized crop (`smallest`, by default 8 %, to 100 % of the area, 3:4 to 4:3) and a horizontal flip
 * half of the time. It cuts before it resizes, so `resize` has no say in it.
 *
 * @returns `[3, size, size]`
 */
export function augmentForTraining(
  image: RgbImage,
  format: Preprocessing,
  draws: Draws,
  smallest?: number,
): Float32Array {
  const crop = drawCrop(image.width, image.height, draws, smallest);
  const flip = draws.unit() < 0.5;
  return normalise(resize(image, crop, format.size, format.size, format.interpolation), format, flip);
}
