import * as tf from '@tensorflow/tfjs-core';
import type { AffineTuning } from '@promptweave/core';
import type { LayerNormWeights } from '../../clip-weights.js';
import type { TuningGradients } from './tuning-gradients.js';

/** What the layers after a layer norm read. */
export interface NormRows {
  /** Of the linear layer: x̂ where the norm is folded into it, x̂ ∘ g + b where the norm is learned. */
  readonly ofLayer: tf.Tensor2D;
  /** Of the branches: x̂ ∘ g + b; there if there are any. */
  readonly ofBranches?: tf.Tensor2D;
}

/**
 * The rows after a layer norm, of its standardised rows x̂ [N, W].
 * @param branches whether a branch reads them
 */
export function normRows(
  standard: tf.Tensor2D,
  frozen: LayerNormWeights,
  learned: AffineTuning | undefined,
  branches: boolean,
): NormRows {
  if (!learned && !branches) return { ofLayer: standard };
  const explicit: tf.Tensor2D = tf.tidy(() =>
    tf.add(tf.mul(standard, learned?.weight ?? frozen.weight), learned?.bias ?? frozen.bias),
  );
  return { ofLayer: learned ? explicit : standard, ofBranches: explicit };
}

/** Gradient of x̂, from those of what was read; d of a folded layer has mean 0 in every row, the outcome has not. */
export function normBackward(
  standard: tf.Tensor2D,
  { ofLayer, ofBranches }: { readonly ofLayer: tf.Tensor2D; readonly ofBranches?: tf.Tensor2D },
  frozen: LayerNormWeights,
  learned: AffineTuning | undefined,
  gradients: TuningGradients,
): tf.Tensor2D {
  if (!learned && !ofBranches) return ofLayer;
  if (!learned) return centred(tf.add(ofLayer, tf.mul(ofBranches!, frozen.weight)));
  const d: tf.Tensor2D = ofBranches ? tf.add(ofLayer, ofBranches) : ofLayer;
  gradients.add(learned.weight, () => tf.sum(tf.mul(d, standard), 0));
  gradients.add(learned.bias, () => tf.sum(d, 0));
  return centred(tf.mul(d, learned.weight ?? frozen.weight));
}

/** With the mean of every row taken off, as `standardiseBackward` wants it. */
function centred(d: tf.Tensor2D): tf.Tensor2D {
  return tf.sub(d, tf.mean(d, 1, true));
}
