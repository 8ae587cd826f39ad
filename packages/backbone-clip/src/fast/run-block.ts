import type * as tf from '@tensorflow/tfjs-core';
import type { BlockTuning } from '@promptweave/core';
import type { FoldedBlock } from './folded-weights.js';
import { frozenBlock, type BlockOptions } from './frozen-block.js';
import type { ReadRows, SequenceGroup } from './heads.js';
import { readBlock } from './read-block.js';
import { tunedBlock } from './tuned/tuned-block.js';
import { tunedReadBlock } from './tuned/tuned-read-block.js';

/** Which of the blocks a step needs. */
export interface BlockStep extends BlockOptions {
  readonly groups: readonly SequenceGroup[];
  /** The rows that are read, where the others are not needed. */
  readonly read?: ReadRows;
  readonly tuning?: BlockTuning;
  /** Numbers of the rows, for branches. */
  readonly ids: () => Int32Array;
}

/** One block: frozen or tuned, of all rows or of those that are read. */
export function runBlock(x: tf.Tensor2D, weights: FoldedBlock, step: BlockStep): tf.Tensor2D {
  const { groups, read, tuning, prompt } = step;
  if (!tuning) return read ? readBlock(x, weights, groups, read, prompt) : frozenBlock(x, weights, groups, step);
  const tuned = { tuning, ids: step.ids() };
  return read ? tunedReadBlock(x, weights, groups, tuned, read, prompt) : tunedBlock(x, weights, groups, tuned, step);
}
