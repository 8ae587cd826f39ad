import * as tf from '@tensorflow/tfjs-core';
import { activate } from './folded-activation.js';
import type { FoldedBlock } from './folded-weights.js';
import { inBfloat16, timesFrozen } from './frozen-matrix.js';
import { addProduct, through } from './rows.js';

/** The MLP of a folded block. */
type Mlp = Pick<FoldedBlock, 'up' | 'down' | 'activation'>;

/**
 * total + MLP(x̂).
 *
 * @param total [N, W]
 * @param standard x̂ of it, [N, W]
 * @param withSlope whether to give the activation's derivative, which {@link mlpBackward} needs
 * @returns the sum, [N, W], and the derivative, [N, 4W]
 */
export function addMlp(
  total: tf.Tensor2D,
  standard: tf.Tensor2D,
  mlp: Mlp,
  withSlope: boolean,
): { readonly output: tf.Tensor2D; readonly slope?: tf.Tensor2D } {
  return tf.tidy(() => {
    const [product, slope] = forward(standard, mlp, withSlope);
    return { output: addProduct(total, product, mlp.down.bias), ...(slope && { slope }) };
  });
}

/** Gradient of the MLP with respect to x̂, [N, W]. */
export function mlpBackward(dy: tf.Tensor2D, slope: tf.Tensor2D, mlp: Mlp): tf.Tensor2D {
  const one = inOneOperation(mlp);
  if (one) return inBfloat16<[tf.Tensor2D]>('Bfloat16MlpBackward', [dy, slope, one.up, one.down], one.attributes)[0];
  return tf.tidy(() => through(tf.mul<tf.Tensor2D>(through(dy, mlp.down), slope), mlp.up));
}

/** The product of the hidden rows with `down`, and the derivative of the activation. */
function forward(x: tf.Tensor2D, mlp: Mlp, withSlope: boolean): readonly [tf.Tensor2D, tf.Tensor2D?] {
  const { up, down, activation } = mlp;
  const one = inOneOperation(mlp);
  if (one) {
    const name = withSlope ? 'Bfloat16MlpAndSlope' : 'Bfloat16Mlp';
    return inBfloat16<[tf.Tensor2D, tf.Tensor2D]>(name, [x, one.up, up.bias, one.down], one.attributes);
  }
  const { value, slope } = activate(x, up, activation, withSlope);
  return [timesFrozen(value, down.weight), slope];
}

/** In bfloat16 one operation computes both products, and between them hidden rows are neither written nor read in float32. */
function inOneOperation({ up, down, activation }: Mlp) {
  if (!('packed' in up.weight && 'packed' in down.weight) || activation !== 'silu') return undefined;
  const [width, hidden] = up.weight.shape;
  return { up: up.weight.packed, down: down.weight.packed, attributes: { width, hidden } };
}
