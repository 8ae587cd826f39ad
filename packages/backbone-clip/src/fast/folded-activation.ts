import * as tf from '@tensorflow/tfjs-core';
import { normalCdf } from '../activation.js';
import type { LinearWeights } from '../clip-weights.js';
import { fused } from './fused.js';

/**
 * The non-linearity of a folded block. QuickGELU, x σ(1.702 x), is SiLU, z σ(z), of z = 1.702 x: the factor is folded into
 * the linear layers before and after.
 */
export type FoldedActivation = 'silu' | 'gelu';

/** {@link activateProduct} of x · W. */
export function activate(
  x: tf.Tensor2D,
  { weight, bias }: LinearWeights,
  activation: FoldedActivation,
  withSlope: boolean,
): Activated {
  return tf.tidy(
    () => activateProduct(tf.matMul(x, weight), bias, activation, withSlope) as Activated & tf.TensorContainerObject,
  );
}

/** What {@link activate} gives. */
export interface Activated {
  readonly value: tf.Tensor2D;
  readonly slope?: tf.Tensor2D;
}

/**
 * Value of the activation at z = product + b and, if asked for, its derivative, [N, 4W]. The derivative is all that the backward pass needs:
 * made here, it takes two passes over the largest matrix of a block less than later.
 */
export function activateProduct(
  product: tf.Tensor2D,
  bias: tf.Tensor1D,
  activation: FoldedActivation,
  withSlope: boolean,
): Activated {
  return tf.tidy(() => {
    if (activation === 'silu') {
      const [value, slope] = fused<tf.Tensor2D[]>(withSlope ? 'SiluAndSlope' : 'Silu', [product, bias]) ?? [];
      if (value) return { value, slope };
    }
    const z: tf.Tensor2D = tf.add(product, bias);
    const gate = activation === 'silu' ? tf.sigmoid(z) : normalCdf(z);
    const value: tf.Tensor2D = tf.mul(z, gate);
    if (!withSlope) return { value };
    if (activation === 'silu') {
      // (z σ)′ = σ + z σ (1 − σ) = σ + v − v σ
      return { value, slope: tf.add<tf.Tensor2D>(gate, tf.sub(value, tf.mul(value, gate))) };
    }
    const density = tf.mul(tf.exp(tf.mul(tf.square(z), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return { value, slope: tf.add<tf.Tensor2D>(gate, tf.mul(z, density)) };
  });
}
