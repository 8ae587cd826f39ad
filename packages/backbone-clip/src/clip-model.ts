import type * as tf from '@tensorflow/tfjs-core';
import type { TransformerShape } from '@promptweave/core';
import type { Activation } from './activation.js';
import type { BlockWeights, ClipTensors } from './clip-weights.js';
import type { Rotation } from './rotation.js';

/** What the towers compute with. */
export interface ClipModel<Block = BlockWeights> {
  readonly shape: TransformerShape;
  readonly activation: Activation;
  readonly tensors: ClipTensors<Block>;
  /** Rows of a text before its context: 1 where there is a start token, else 0. */
  readonly startRows: number;
  /** Id of the tokens after the end of text. */
  readonly padId: number;
  /** What a pooling head attends to: the rows of the image alone, or prompts as well. */
  readonly pooled: 'patches' | 'all';
  /** Gives what makes the rotation of queries and keys of the vision tower, for sequences of so many rows. */
  readonly rotation?: (rows: number) => () => Rotation;
  /** Token embeddings without positions, [ids.length, T]. */
  embedTokens(ids: readonly number[]): tf.Tensor2D;
}
