import type { RgbImage } from '@promptweave/core/portable';
import type { Sharp } from 'sharp';

export type { Box, RgbImage } from '@promptweave/core/portable';

/** The pixels of a pipeline of sharp whose colours are red, green and blue, of 8 bits. */
export async function toRgb(image: Sharp): Promise<RgbImage> {
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}
