import type { DatasetError } from '../errors.js';
import type { Dataset, ImageItem } from './dataset.js';
import type { Preprocessing } from './preprocessing.js';

/** Decoded and normalised images on the host. */
export interface HostBatch {
  /** [B, 3, size, size], normalised. */
  readonly images: Float32Array;
  /** [B]. */
  readonly labels: Int32Array;
  /** The B images of the rows, in order; those that were skipped are not among them. */
  readonly items: readonly ImageItem[];
}

/** One pass over some images. */
export interface BatchRequest {
  /** The images of the pass, in the order in which they come without `shuffle`. */
  readonly items: readonly ImageItem[];
  /** Images of a batch, at least 1; the last batch may have fewer. */
  readonly batchSize: number;
  /** The backbone's. */
  readonly preprocessing: Preprocessing;
  /** How pixels are read: as the data set of the images says. */
  readonly policy: Dataset['imagePolicy'];
  /** Random resized crop and flip; without it the evaluation transform. */
  readonly augment: boolean;
  /** Smallest share of the image's area that a crop keeps. Default 0.08. */
  readonly minimumCrop?: number;
  /** Images come in another order in every epoch. */
  readonly shuffle: boolean;
  /** Leaves out the last batch where it is not full. */
  readonly dropLast: boolean;
  /** With `epoch`, seeds order and crops, whatever ran before. */
  readonly seed: number;
  /** From 0. */
  readonly epoch: number;
  /** What happens at an image that cannot be read: the pass throws, or goes on without it. */
  readonly onBadImage: 'fail' | 'skip';
  /** Told of every image that this pass skips. */
  readonly onSkip?: (item: ImageItem, error: DatasetError) => void;
}

/** Which images of a data set an experiment uses. */
export interface SubsetRequest {
  /** Training images per class; all if absent. Validation gets min(shots, 4). */
  readonly shots?: number;
  /** Of the draw: with the same seed, the same images are drawn. */
  readonly seed: number;
  /** The first ⌈n/2⌉ classes, the rest (relabelled from 0), or all. Selected after sampling. */
  readonly classes: 'all' | 'base' | 'novel';
}

/** Turns data sets into batches. Provided by whoever composes the program (see `TOKENS`). */
export interface DataPipeline {
  /**
   * The images of an experiment: first drawn, then cut down to the classes, with labels from 0.
   * @throws ConfigError where `shots` is no whole number of at least 1
   * @throws DatasetError where the chosen half has fewer than 2 classes
   */
  subset(dataset: Dataset, request: SubsetRequest): Dataset;
  /** Batches prepared ahead of their use. @throws DatasetError naming an unreadable image, unless it is to be skipped. */
  batches(request: BatchRequest): AsyncIterable<HostBatch>;
}
