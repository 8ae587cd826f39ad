import * as tf from '@tensorflow/tfjs-core';
import { normalCdf } from '../activation.js';

/**
 * The non-linearity of a folded block. QuickGELU, x σ(1.702 x), is SiLU, z σ(z), of z = 1.702 x: the factor is folded into
 * the linear layers before and after.
 */
export type FoldedActivation = 'silu' | 'gelu';

/**
 * Value of the activation and, if asked for, its derivative, same shape as x. The derivative is all that the backward pass needs: made
 * here, it takes two passes over the largest matrix of a block less than later.
 */
export function activateFolded(
  x: tf.Tensor2D,
  activation: FoldedActivation,
  withSlope: boolean,
): { readonly value: tf.Tensor2D; readonly slope?: tf.Tensor2D } {
  const gate = activation === 'silu' ? tf.sigmoid(x) : normalCdf(x);
  const value: tf.Tensor2D = tf.mul(x, gate);
  if (!withSlope) return { value };
  if (activation === 'silu') {
    // (x σ)′ = σ + x σ (1 − σ) = σ + v − v σ
    return { value, slope: tf.add(gate, tf.sub(value, tf.mul(value, gate))) };
  }
  const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return { value, slope: tf.add(gate, tf.mul(x, density)) };
}
