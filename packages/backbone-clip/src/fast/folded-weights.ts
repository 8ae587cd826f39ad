import * as tf from '@tensorflow/tfjs-core';
import type { Activation } from '../activation.js';
import type { BlockWeights, LayerNormWeights, LinearWeights } from '../clip-weights.js';
import type { FoldedActivation } from './folded-activation.js';
import { pack, unpacked, type FrozenLinear, type Precision } from './frozen-matrix.js';

/** Factor within QuickGELU's sigmoid. */
const QUICK = 1.702;
/** Rows of a weight whose scale is below this share of the layer norm's root mean square are kept as they were. */
const SMALL = 0.05;

/**
 * Weights of a block with all that is constant folded into its linear layers: the layer norms' scale and shift, 1/√d of the
 * queries, and QuickGELU's factor. Frozen weights allow it; forward and backward save several passes over the activations.
 */
export interface FoldedBlock {
  /** [W, 3W]. */
  readonly inputProjection: FrozenLinear;
  readonly outputProjection: FrozenLinear;
  readonly up: FrozenLinear;
  readonly down: FrozenLinear;
  readonly heads: number;
  readonly activation: FoldedActivation;
  /** What was folded into the layers after the two layer norms. */
  readonly ln1: FoldedNorm;
  readonly ln2: FoldedNorm;
}

/** A layer norm that was folded into the linear layer after it, and what is needed to take it out again. */
export interface FoldedNorm extends LayerNormWeights {
  /** The layer's own bias, [out]. */
  readonly linearBias: tf.Tensor1D;
  /** Mean of each column of scale ∘ W, which was taken off, [out]. */
  readonly means: tf.Tensor1D;
  /** Rows of W that cannot be had back by division, for the norm's scale is nearly 0 there; `source` says where each row of [W; values] is. */
  readonly rows?: { readonly source: tf.Tensor1D; readonly values: tf.Tensor2D };
}

/** Folds one block; the block's own weights are freed or taken over. */
export function foldBlock(
  block: BlockWeights,
  heads: number,
  activation: Activation,
  precision: Precision = 'float32',
): FoldedBlock {
  const keep = (linear: LinearWeights): FrozenLinear => keepIn(precision, linear);
  const folded = tf.tidy(() => {
    const width = block.inputProjection.weight.shape[0];
    const input = foldLayerNorm(block.ln1, block.inputProjection);
    const up = foldLayerNorm(block.ln2, block.up);
    const quick = activation === 'quick-gelu' ? QUICK : 1;
    return {
      inputProjection: keep(scale(input.linear, scalesOfInput(width, heads))),
      up: keep(scale(up.linear, tf.scalar(quick))),
      down: keep({ ...cloned(block.down), weight: tf.div(block.down.weight, quick) }),
      ln1: { ...block.ln1, ...input.folded, linearBias: block.inputProjection.bias },
      ln2: { ...block.ln2, ...up.folded, linearBias: block.up.bias },
      outputProjection: keep(cloned(block.outputProjection)),
    } as tf.TensorContainerObject & Omit<FoldedBlock, 'heads' | 'activation'>;
  });
  tf.dispose([block.inputProjection.weight, block.outputProjection, block.up.weight, block.down]);
  return { ...folded, heads, activation: activation === 'quick-gelu' ? 'silu' : activation };
}

/** What the MLP's first layer is multiplied with. */
export function quickFactor({ activation }: Pick<FoldedBlock, 'activation'>): number {
  return activation === 'silu' ? QUICK : 1;
}

/** The layer after a layer norm that was folded into it, as it is without: W, with the factors of its outputs left in. */
export function unfold(norm: FoldedNorm, folded: FrozenLinear, factors: tf.Tensor): LinearWeights {
  return tf.tidy(() => {
    const scaled = tf.add(tf.div(unpacked(folded.weight), factors), norm.means);
    const divided: tf.Tensor2D = tf.div(scaled, tf.expandDims(norm.weight, 1));
    const weight = norm.rows ? tf.gather(tf.concat([divided, norm.rows.values], 0), norm.rows.source) : divided;
    return scale({ weight, bias: norm.linearBias }, factors);
  });
}

/** 1/√d for the outputs that are queries, [3W]. */
export function scalesOfInput(width: number, heads: number): tf.Tensor1D {
  return tf.concat([tf.fill([width], 1 / Math.sqrt(width / heads)), tf.ones([2 * width])]);
}

/**
 * (x̂ ∘ g + b) W + c = x̂ (g ∘ W) + (b W + c). The rows of x̂ have mean 0, so a constant may be taken off each column of the weight: with
 * the column's mean taken off, gradients that come back through it have mean 0, too.
 */
function foldLayerNorm(norm: LayerNormWeights, linear: LinearWeights) {
  const shift = tf.matMul(tf.expandDims(norm.bias, 0), linear.weight);
  const scaled: tf.Tensor2D = tf.mul(tf.expandDims(norm.weight, 1), linear.weight);
  const means: tf.Tensor1D = tf.mean(scaled, 0);
  return {
    linear: {
      weight: tf.sub<tf.Tensor2D>(scaled, means),
      bias: tf.add<tf.Tensor1D>(tf.squeeze(shift, [0]), linear.bias),
    },
    folded: { means: tf.keep(means), rows: smallRows(norm.weight, linear.weight) },
  };
}

function smallRows(scales: tf.Tensor1D, weight: tf.Tensor2D): FoldedNorm['rows'] {
  const values = scales.dataSync<'float32'>();
  const limit = SMALL * Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  const small = [...values.keys()].filter((i) => !(Math.abs(values[i]!) > limit));
  if (small.length === 0) return undefined;
  const source = [...values.keys()].map((i) => (small.includes(i) ? values.length + small.indexOf(i) : i));
  return {
    source: tf.keep(tf.tensor1d(source, 'int32')),
    values: tf.keep(tf.gather(weight, tf.tensor1d(small, 'int32'))),
  };
}

/** Outputs multiplied by constants. */
function scale({ weight, bias }: LinearWeights, factors: tf.Tensor): LinearWeights {
  return { weight: tf.mul(weight, factors), bias: tf.mul(bias, factors) };
}

function cloned({ weight, bias }: LinearWeights): LinearWeights {
  return { weight: tf.clone(weight), bias: tf.clone(bias) };
}

function keepIn(precision: Precision, { weight, bias }: LinearWeights): FrozenLinear {
  if (precision === 'float32') return { weight: tf.keep(weight), bias: tf.keep(bias) };
  const rounded = pack(weight);
  return { weight: { ...rounded, packed: tf.keep(rounded.packed) }, bias: tf.keep(bias) };
}
