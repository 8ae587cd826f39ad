import type { TextRequest } from '@promptweave/core';

/** What the text tower is asked for where it encodes some of the classes. */
export interface TextTowerRequest extends TextRequest {
  /** Number of the first branch row among those of all classes, for the ids of rows. Default 0. */
  readonly firstBranchRow?: number;
}
