import * as tf from '@tensorflow/tfjs-core';
import type { LayerPart, TunedRows } from './tuned-weights.js';
import type { TuningGradients } from './tuning-gradients.js';

/** y with what the branches of its parts say of x; y [N, m·W] holds the outputs of m layers beside each other. */
export function addBranches(
  y: tf.Tensor2D,
  x: tf.Tensor2D | undefined,
  parts: readonly LayerPart[],
  { tuning: { branches = {} }, ids }: TunedRows,
): tf.Tensor2D {
  if (!parts.some(({ layer }) => branches[layer])) return y;
  return tf.tidy(() => {
    const [rows, all] = y.shape;
    const width = all / parts.length;
    const changes = parts.map(({ layer, factor }) => {
      const branch = branches[layer];
      if (!branch) return tf.zeros<tf.Rank.R2>([rows, width]);
      const change = branch.apply(x!, branch.variables, ids);
      return factor === 1 ? change : tf.mul<tf.Tensor2D>(change, factor);
    });
    return tf.add(y, changes.length === 1 ? changes[0]! : tf.concat(changes, 1));
  });
}

/**
 * Gradients of the parts' branches and biases, from that of y.
 * @returns what comes back to x through the branches; nothing where there are none
 */
export function branchesBackward(
  dy: tf.Tensor2D,
  x: tf.Tensor2D | undefined,
  parts: readonly LayerPart[],
  { tuning: { branches = {}, biases = {} }, ids }: TunedRows,
  gradients: TuningGradients,
): tf.Tensor2D | undefined {
  const width = dy.shape[1] / parts.length;
  const back = parts.flatMap(({ layer, factor }, i) => {
    const branch = branches[layer];
    if (!branch && !biases[layer]) return [];
    const own: tf.Tensor2D = parts.length === 1 ? dy : tf.slice(dy, [0, i * width], [-1, width]);
    const d: tf.Tensor2D = factor === 1 ? own : tf.mul(own, factor);
    gradients.add(biases[layer], () => tf.sum(d, 0));
    return branch ? [gradients.through(branch, x!, d, ids)] : [];
  });
  return sumOf(back);
}

/** The sum of what is there. */
export function sumOf(tensors: readonly (tf.Tensor2D | undefined)[]): tf.Tensor2D | undefined {
  const there = tensors.filter((tensor) => tensor !== undefined);
  return there.length <= 1 ? there[0] : tf.addN(there);
}
