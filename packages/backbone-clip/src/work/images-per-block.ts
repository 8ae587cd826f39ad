import type { TransformerShape } from '@promptweave/core';
import { classRowsOf } from '../clip-form.js';

/**
 * Images that pass through the vision tower together where no gradient is taken: the more, the smaller the tower. Measured on 2 cores,
 * one by one takes five times as long with the embedded CLIP, twice as long with ViT-B/32, and a quarter longer with ViT-B/16, where a
 * single image would wait for the padding of a block eight times as long.
 */
export function imagesPerBlock({ vision }: Pick<TransformerShape, 'vision'>): number {
  const rows = classRowsOf({ vision }) + (vision.imageSize / vision.patchSize) ** 2;
  const products = rows * vision.width ** 2;
  if (products < 4e6) return 32; // the embedded CLIP
  return products < 1e8 ? 8 : 1; // ViT-B/32; ViT-B/16 and larger ones
}
