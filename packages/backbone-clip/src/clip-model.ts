import type * as tf from '@tensorflow/tfjs-core';
import type { BackboneShape } from '@promptweave/core';
import type { Activation } from './activation.js';
import type { BlockWeights, ClipTensors } from './clip-weights.js';

/** What the towers compute with. */
export interface ClipModel<Block = BlockWeights> {
  readonly shape: BackboneShape;
  readonly activation: Activation;
  readonly tensors: ClipTensors<Block>;
  /** Rows of a text before its context: 1 where there is a start token, else 0. */
  readonly startRows: number;
  /** Id of the tokens after the end of text. */
  readonly padId: number;
  /** What a pooling head attends to: the rows of the image alone, or prompts as well. */
  readonly pooled: 'patches' | 'all';
  /** Token embeddings without positions, [ids.length, T]. */
  embedTokens(ids: readonly number[]): tf.Tensor2D;
}
