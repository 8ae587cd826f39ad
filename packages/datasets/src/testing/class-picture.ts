import sharp from 'sharp';
import type { RgbImage } from '../image/rgb-image.js';

/** Difference of the grey of neighbouring labels, far more than what JPEG changes. */
const STEP = 30;

/** The grey of a label's pictures. */
export function greyOfLabel(label: number): number {
  return STEP * (label + 1);
}

const made = new Map<number, Promise<Buffer>>();

/** A tiny JPEG whose grey tells the label, from 0 to 7. */
export function classPicture(label: number): Promise<Buffer> {
  const level = greyOfLabel(label);
  const create = { width: 20, height: 16, channels: 3, background: { r: level, g: level, b: level } } as const;
  const picture = made.get(label) ?? sharp({ create }).jpeg().toBuffer();
  made.set(label, picture);
  return picture;
}

/** The label that a picture of {@link classPicture} was made for. */
export function labelOfPicture({ data }: RgbImage): number {
  const mean = data.reduce((total, value) => total + value, 0) / data.length;
  return Math.round(mean / STEP) - 1;
}
