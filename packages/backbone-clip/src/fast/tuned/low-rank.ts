import * as tf from '@tensorflow/tfjs-core';
import type { Branch } from '@promptweave/core';
import type { LayerNormWeights } from '../../clip-weights.js';
import { fused, hasFused } from '../fused.js';
import type { LayerPart, TunedRows } from './tuned-weights.js';
import type { TuningGradients } from './tuning-gradients.js';

/**
 * Low-rank branches of layers that read the same rows, for fused operations: one pass over the rows makes what all of them add, another
 * one all their gradients, and neither what the branches see nor its dropout is stored.
 */
export interface LowRankGroup {
  readonly branches: readonly { readonly part: number; readonly branch: Branch; readonly scale: number }[];
  readonly rank: number;
  readonly norm: LayerNormWeights;
  /** A of all branches, [branches · r, W]. */
  readonly down: tf.Tensor2D;
  /** Bᵀ of each with its factor, in the columns of its layer and 0 elsewhere, [branches · r, m · W']. */
  readonly up: tf.Tensor2D;
  /** Numbers of the rows, [N], and keys of the branches. */
  readonly numbers: readonly [ids: tf.Tensor1D, keys: tf.Tensor1D];
  readonly limit: number;
  readonly follows: boolean;
}

/**
 * The branches of these layers as a group; nothing where they are not alike, something else is learned of the layers, or their
 * operations are not there.
 */
export function lowRankGroup(
  parts: readonly LayerPart[],
  norm: LayerNormWeights,
  { tuning: { branches = {}, biases = {}, ln1, adapter }, ids }: TunedRows,
): LowRankGroup | undefined {
  const there = parts.flatMap(({ layer, factor }, part) => {
    const branch = branches[layer];
    return branch ? [{ part, branch, scale: factor * (branch.lowRank?.scale ?? NaN) }] : [];
  });
  const others = ln1 ?? adapter ?? parts.find(({ layer }) => biases[layer]);
  const kinds = new Set(there.map(({ branch }) => kindOf(branch)));
  const [first] = there;
  const like = first?.branch.lowRank;
  if (!first || !like || kinds.size > 1 || others || !hasFused('LowRankDown')) return undefined;
  const matrices = there.map(({ branch }) => branch.variables as [tf.Tensor2D, tf.Tensor2D]);
  const keys = there.map(({ branch }) => branch.lowRank!.dropout?.key ?? 0);
  const up = there.map(({ part, scale }, i) => {
    const [outputs] = matrices[i]![1].shape;
    const scaled: tf.Tensor2D = tf.mul(tf.transpose(matrices[i]![1]), scale);
    return tf.pad(scaled, [
      [0, 0],
      [part * outputs, (parts.length - 1 - part) * outputs],
    ]);
  });
  return {
    branches: there,
    rank: matrices[0]![0].shape[0],
    norm,
    down: tf.concat(matrices.map(([down]) => down)),
    up: tf.concat(up),
    numbers: [tf.tensor1d(ids, 'int32'), tf.tensor1d(Int32Array.from(keys), 'int32')],
    limit: Math.round((like.dropout?.rate ?? 0) * 2 ** 16),
    follows: like.inputGradient,
  };
}

/** What branches must have in common. */
function kindOf({ variables, lowRank }: Branch): string {
  return lowRank ? `${variables[0]!.shape[0]} ${lowRank.dropout?.rate} ${lowRank.inputGradient}` : 'other';
}

/** y with what the branches add; y [N, m · W'], `standard` the standardised rows that layers and branches read, [N, W]. */
export function addLowRank(y: tf.Tensor2D, standard: tf.Tensor2D, group: LowRankGroup): tf.Tensor2D {
  const [low] = fused<[tf.Tensor2D]>('LowRankDown', inputsOf(standard, group), { limit: group.limit })!;
  return fused<[tf.Tensor2D]>('AddLowRank', [y, low, group.up])![0];
}

/**
 * Gradients of the branches, from that of y.
 * @param dLayer what comes back to the standardised rows through the layers themselves, [N, W]
 * @returns what comes back to them in all, with mean 0 in every row, as `standardiseBackward` wants it
 */
export function lowRankBackward(
  dy: tf.Tensor2D,
  standard: tf.Tensor2D,
  dLayer: tf.Tensor2D,
  group: LowRankGroup,
  gradients: TuningGradients,
): tf.Tensor2D {
  const { branches, rank, limit } = group;
  const dLow = tf.matMul(dy, group.up, false, true);
  const [d, dDown, low] = fused<[tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]>(
    'LowRankBackward',
    [...inputsOf(standard, group), dLow, dLayer],
    { limit, follows: Number(group.follows) },
  )!;
  const dUp: tf.Tensor2D = tf.matMul(low, dy, true, false); // [branches · r, m · W']
  branches.forEach(({ part, branch: { variables }, scale }, i) => {
    const [down, up] = variables as [tf.Tensor2D, tf.Tensor2D];
    gradients.add(down, () => tf.slice(dDown, [i * rank, 0], [rank, -1]));
    const [outputs] = up.shape;
    gradients.add(up, () => tf.mul(tf.transpose(tf.slice(dUp, [i * rank, part * outputs], [rank, outputs])), scale));
  });
  return d;
}

function inputsOf(standard: tf.Tensor2D, { norm, down, numbers }: LowRankGroup): tf.Tensor[] {
  return [standard, norm.weight, norm.bias, down, ...numbers];
}
