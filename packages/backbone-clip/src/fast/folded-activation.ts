import * as tf from '@tensorflow/tfjs-core';
import { normalCdf, TANH_GELU, tanhCdf } from '../activation.js';
import { timesFrozen, type FrozenLinear } from './frozen-matrix.js';
import { fused } from './fused.js';

/**
 * The non-linearity of a folded block. QuickGELU, x σ(1.702 x), is SiLU, z σ(z), of z = 1.702 x: the factor is folded into
 * the linear layers before and after.
 */
export type FoldedActivation = 'silu' | 'gelu' | 'gelu-tanh';

/** {@link activateProduct} of x · W. */
export function activate(
  x: tf.Tensor2D,
  { weight, bias }: FrozenLinear,
  activation: FoldedActivation,
  withSlope: boolean,
): Activated {
  return tf.tidy(
    () => activateProduct(timesFrozen(x, weight), bias, activation, withSlope) as Activated & tf.TensorContainerObject,
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
    if (activation === 'gelu-tanh') return tanhGelu(z, withSlope) as Activated & tf.TensorContainerObject;
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

/** With t = tanh(u), u = s (z + c z³): z (1 + t) / 2, and its derivative (1 + t) / 2 + z (1 − t²) u′ / 2. */
function tanhGelu(z: tf.Tensor2D, withSlope: boolean): Activated {
  const { scale, cube } = TANH_GELU;
  const gate = tanhCdf(z); // (1 + t) / 2, so that (1 − t²) / 2 = 2 gate (1 − gate)
  const value: tf.Tensor2D = tf.mul(z, gate);
  if (!withSlope) return { value };
  const inner = tf.mul(tf.add(tf.mul(tf.square(z), 3 * cube), 1), scale); // u′
  const ofGate = tf.mul(tf.mul(gate, tf.sub(1, gate)), tf.mul(inner, 2));
  return { value, slope: tf.add<tf.Tensor2D>(gate, tf.mul(z, ofGate)) };
}
