import type { Preprocessing } from '@promptweave/core';
import { augmentForTraining, drawsFor } from '../image/augment.js';
import { decodeImage } from '../image/decode.js';
import type { ImageHeader } from '../image/header.js';
import type { ImagePolicy } from '../image/image-policy.js';
import { isApproximable, preprocessFast } from '../image/preprocess-fast.js';
import { preprocessForEvaluation } from '@promptweave/core/portable';
import type { RgbImage } from '../image/rgb-image.js';

/** One image's way from a file, or from its decoded pixels, to what the vision tower takes. Plain data: it can go to a thread. */
export interface ImageTask {
  /** The file's bytes, or the pixels where they are known. */
  readonly source: Uint8Array | RgbImage;
  /** Of a file, where it was read before. */
  readonly header?: ImageHeader;
  /** Seeds the image's augmentation. */
  readonly id: string;
  /** Names the image in errors. */
  readonly where: string;
  readonly policy: ImagePolicy;
  readonly format: Preprocessing;
  /** Seeds the training transform; without it, the evaluation transform. */
  readonly augment?: { readonly seed: number; readonly epoch: number; readonly minimumCrop?: number };
  /** Evaluation through libvips alone: faster, not the same pixels. */
  readonly approximate: boolean;
  /** Whether the decoded pixels are wanted back, unless the image is large. */
  readonly keep: boolean;
}

/** Bytes of the largest image whose pixels are handed back: a few larger ones would fill a cache. */
const LARGEST_KEPT = 16 * 2 ** 20;

/** What became of an image. */
export interface PreparedImage {
  /** `[3, size, size]` */
  readonly values: Float32Array;
  readonly image?: RgbImage;
  /** Bytes of the pixels that were decoded for it. */
  readonly decoded: number;
}

/** @throws DatasetError if the image cannot be read. */
export async function prepareImage(task: ImageTask): Promise<PreparedImage> {
  const { source, header, id, where, policy, format, augment, approximate, keep } = task;
  if (approximate && !augment && source instanceof Uint8Array && header && isApproximable(header)) {
    return { values: await preprocessFast(source, format, where), decoded: 0 };
  }
  const image = source instanceof Uint8Array ? await decodeImage(source, policy, where, header) : source;
  const values = augment
    ? augmentForTraining(image, format, drawsFor(augment.seed, augment.epoch, id), augment.minimumCrop)
    : preprocessForEvaluation(image, format);
  const decoded = image.data.length;
  return { values, decoded, image: keep && decoded <= LARGEST_KEPT ? owned(image) : undefined };
}

/** The image with bytes of its own, which can be handed to another thread: a decoder's may be part of a larger block. */
function owned(image: RgbImage): RgbImage {
  return { ...image, data: new Uint8Array(image.data) };
}
