import type { Preprocessing } from '../contracts/preprocessing.js';
import type { Box } from './rgb-image.js';
import { roundHalfEven } from './round-half-even.js';

/** Size of the whole resized image, and the square that is cut out of its centre. */
export interface EvaluationGeometry {
  readonly width: number;
  readonly height: number;
  readonly crop: Box;
}

/**
 * torchvision's `Resize(size)` and `CenterCrop(size)`: the short side becomes `size`, the long side is cut off to a whole
 * number, the crop's corner is rounded with halves to even. Or `Resize((size, size))`, of which all is kept.
 */
export function evaluationGeometry(
  width: number,
  height: number,
  { resize, size }: Pick<Preprocessing, 'resize' | 'size'>,
): EvaluationGeometry {
  if (resize === 'squash') {
    return { width: size, height: size, crop: { left: 0, top: 0, width: size, height: size } };
  }
  const long = Math.trunc((size * Math.max(width, height)) / Math.min(width, height));
  const [resizedWidth, resizedHeight] = width <= height ? [size, long] : [long, size];
  return {
    width: resizedWidth,
    height: resizedHeight,
    crop: {
      left: roundHalfEven((resizedWidth - size) / 2),
      top: roundHalfEven((resizedHeight - size) / 2),
      width: size,
      height: size,
    },
  };
}
