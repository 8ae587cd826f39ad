import * as tf from '@tensorflow/tfjs-core';
import type { BlockWeights, LayerNormWeights, LinearWeights } from '../clip-weights.js';

/**
 * Weights of a block with the layer norms' scale and shift folded into the linear layer that follows, and 1/√d into the
 * queries: frozen weights allow it, and forward and backward save four passes over the activations.
 */
export interface FoldedBlock {
  /** [W, 3W]. */
  readonly inputProjection: LinearWeights;
  readonly outputProjection: LinearWeights;
  readonly up: LinearWeights;
  readonly down: LinearWeights;
  readonly heads: number;
}

/** Folds one block. The output projection and the last linear layer are shared with the block, not copied. */
export function foldBlock(block: BlockWeights, heads: number): FoldedBlock {
  const folded = tf.tidy(() => {
    const width = block.inputProjection.weight.shape[0];
    const scale = tf.concat([tf.fill([width], 1 / Math.sqrt(width / heads)), tf.ones([2 * width])]) as tf.Tensor1D;
    const input = foldLayerNorm(block.ln1, block.inputProjection);
    return {
      inputProjection: {
        weight: tf.keep(tf.mul(input.weight, scale) as tf.Tensor2D),
        bias: tf.keep(tf.mul(input.bias, scale) as tf.Tensor1D),
      },
      up: keep(foldLayerNorm(block.ln2, block.up)),
    };
  });
  return { ...folded, outputProjection: block.outputProjection, down: block.down, heads };
}

/** Frees what {@link foldBlock} made. */
export function disposeFolded({ inputProjection, up }: FoldedBlock): void {
  tf.dispose([inputProjection.weight, inputProjection.bias, up.weight, up.bias]);
}

/** (x̂ ∘ g + b) W + c = x̂ (g ∘ W) + (b W + c). */
function foldLayerNorm(norm: LayerNormWeights, linear: LinearWeights): LinearWeights {
  const shift = tf.matMul(tf.expandDims(norm.bias, 0), linear.weight);
  return {
    weight: tf.mul(tf.expandDims(norm.weight, 1), linear.weight),
    bias: tf.add(tf.squeeze(shift, [0]), linear.bias) as tf.Tensor1D,
  };
}

function keep(linear: LinearWeights): LinearWeights {
  return { weight: tf.keep(linear.weight), bias: tf.keep(linear.bias) };
}
