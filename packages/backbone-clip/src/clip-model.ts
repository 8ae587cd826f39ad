import type * as tf from '@tensorflow/tfjs-core';
import type { BackboneShape } from '@promptweave/core';
import type { Activation } from './activation.js';
import type { BlockWeights, ClipTensors } from './clip-weights.js';

/** What the towers compute with. */
export interface ClipModel<Block = BlockWeights> {
  readonly shape: BackboneShape;
  readonly activation: Activation;
  readonly tensors: ClipTensors<Block>;
  /** Token embeddings without positions, [ids.length, T]. */
  embedTokens(ids: readonly number[]): tf.Tensor2D;
}
