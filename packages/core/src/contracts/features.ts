import type { ImageItem } from './dataset.js';

/** One of the fixed augmented views of an image. */
export interface View {
  /** From 0. */
  readonly index: number;
  /** Seeds the crops. */
  readonly seed: number;
  /** Smallest share of the image's area that a crop keeps. Default 0.08. */
  readonly minimumCrop?: number;
}

/**
 * Unprompted image features by key, [E] each. Belongs to one backbone, one data set and one way of reading its images. A
 * plain `Map`, or one that others keep beyond the process.
 */
export interface FeatureStore extends Map<string, Float32Array> {
  /** Takes in what is known of these images. */
  recall?(items: readonly ImageItem[], view?: View): Promise<void>;
  /**
   * Takes some of these images on, at least one, which no other process computes until it is said that they are done; takes in what others
   * have computed of them. Waits where others have all of them.
   * @throws the signal's reason where it is aborted
   */
  takeOn?(items: readonly ImageItem[], view?: View, signal?: AbortSignal): Promise<TakenOn>;
  /** Keeps what was computed under these keys. */
  remember?(keys: readonly string[]): Promise<void>;
}

/** Images whose features are one process's to compute. */
export interface TakenOn {
  /** Some of those that were asked for, at least one; ask again for the rest. */
  readonly items: readonly ImageItem[];
  /** Lets go of them, whether or not their features were kept. Call it in any case, for others may wait. */
  done(): void;
}
