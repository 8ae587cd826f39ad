import type { ImageItem } from '@promptweave/core';

/** What a reader finds: class names by label, and the images of each split. */
export interface Splits {
  readonly classNames: readonly string[];
  readonly train: readonly ImageItem[];
  readonly val: readonly ImageItem[];
  readonly test: readonly ImageItem[];
  /** What a person should know about it: what was left out, assumed or renamed. */
  readonly notes?: readonly string[];
}
