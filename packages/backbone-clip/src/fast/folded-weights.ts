import * as tf from '@tensorflow/tfjs-core';
import type { Activation } from '../activation.js';
import type { BlockWeights, LayerNormWeights, LinearWeights } from '../clip-weights.js';
import type { FoldedActivation } from './folded-activation.js';

/** Factor within QuickGELU's sigmoid. */
const QUICK = 1.702;

/**
 * Weights of a block with all that is constant folded into its linear layers: the layer norms' scale and shift, 1/√d of the
 * queries, and QuickGELU's factor. Frozen weights allow it; forward and backward save several passes over the activations.
 */
export interface FoldedBlock {
  /** [W, 3W]. */
  readonly inputProjection: LinearWeights;
  readonly outputProjection: LinearWeights;
  readonly up: LinearWeights;
  readonly down: LinearWeights;
  readonly heads: number;
  readonly activation: FoldedActivation;
}

/** Folds one block; the block's own weights are freed or taken over. */
export function foldBlock(block: BlockWeights, heads: number, activation: Activation): FoldedBlock {
  const folded = tf.tidy(() => {
    const width = block.inputProjection.weight.shape[0];
    const input = foldLayerNorm(block.ln1, block.inputProjection);
    const ofQueries = tf.concat([tf.fill([width], 1 / Math.sqrt(width / heads)), tf.ones([2 * width])]);
    const up = foldLayerNorm(block.ln2, block.up);
    const quick = activation === 'quick-gelu' ? QUICK : 1;
    return {
      inputProjection: keep(scale(input, ofQueries)),
      up: keep(scale(up, tf.scalar(quick))),
      down: keep({ weight: tf.div(block.down.weight, quick), bias: tf.clone(block.down.bias) }),
    };
  });
  tf.dispose([block.ln1, block.inputProjection, block.ln2, block.up, block.down]);
  const { outputProjection } = block;
  return { ...folded, outputProjection, heads, activation: activation === 'quick-gelu' ? 'silu' : 'gelu' };
}

/**
 * (x̂ ∘ g + b) W + c = x̂ (g ∘ W) + (b W + c). The rows of x̂ have mean 0, so a constant may be taken off each column of the weight: with
 * the column's mean taken off, gradients that come back through it have mean 0, too.
 */
function foldLayerNorm(norm: LayerNormWeights, linear: LinearWeights): LinearWeights {
  const shift = tf.matMul(tf.expandDims(norm.bias, 0), linear.weight);
  const scaled = tf.mul(tf.expandDims(norm.weight, 1), linear.weight);
  return {
    weight: tf.sub(scaled, tf.mean(scaled, 0, true)),
    bias: tf.add(tf.squeeze(shift, [0]), linear.bias) as tf.Tensor1D,
  };
}

/** Outputs multiplied by constants. */
function scale({ weight, bias }: LinearWeights, factors: tf.Tensor): LinearWeights {
  return { weight: tf.mul(weight, factors), bias: tf.mul(bias, factors) };
}

function keep({ weight, bias }: LinearWeights): LinearWeights {
  return { weight: tf.keep(weight), bias: tf.keep(bias) };
}
