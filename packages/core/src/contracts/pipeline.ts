import type { DatasetError } from '../errors.js';
import type { Dataset, ImageItem } from './dataset.js';
import type { Preprocessing } from './preprocessing.js';

/** Decoded and normalised images on the host. */
export interface HostBatch {
  /** [B, 3, size, size], normalised. */
  readonly images: Float32Array;
  /** [B]. */
  readonly labels: Int32Array;
  readonly items: readonly ImageItem[];
}

/** One pass over some images. */
export interface BatchRequest {
  readonly items: readonly ImageItem[];
  readonly batchSize: number;
  /** The backbone's. */
  readonly preprocessing: Preprocessing;
  readonly policy: Dataset['imagePolicy'];
  /** Random resized crop and flip; without it the evaluation transform. */
  readonly augment: boolean;
  /** Smallest share of the image's area that a crop keeps. Default 0.08. */
  readonly minimumCrop?: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  /** With `epoch`, seeds order and crops, whatever ran before. */
  readonly seed: number;
  readonly epoch: number;
  readonly onBadImage: 'fail' | 'skip';
  /** Told of every image that this pass skips. */
  readonly onSkip?: (item: ImageItem, error: DatasetError) => void;
}

/** Which images of a data set an experiment uses. */
export interface SubsetRequest {
  /** Training images per class; all if absent. Validation gets min(shots, 4). */
  readonly shots?: number;
  readonly seed: number;
  /** The first ⌈n/2⌉ classes, the rest (relabelled from 0), or all. Selected after sampling. */
  readonly classes: 'all' | 'base' | 'novel';
}

/** Turns data sets into batches. Provided by whoever composes the program (see `TOKENS`). */
export interface DataPipeline {
  subset(dataset: Dataset, request: SubsetRequest): Dataset;
  /** Batches prepared ahead of their use. @throws DatasetError naming an unreadable image, unless it is to be skipped. */
  batches(request: BatchRequest): AsyncIterable<HostBatch>;
}
