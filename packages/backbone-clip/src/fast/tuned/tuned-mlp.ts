import * as tf from '@tensorflow/tfjs-core';
import { activateProduct } from '../folded-activation.js';
import { quickFactor, type FoldedBlock } from '../folded-weights.js';
import { timesFrozen } from '../frozen-matrix.js';
import { standardiseBackward, standardiseSum } from '../layer-norm.js';
import { addApplied, through } from '../rows.js';
import { addBranches, branchesBackward } from './branches.js';
import { normBackward, normRows, type NormRows } from './tuned-norm.js';
import type { TunedRows, TunedWeights } from './tuned-weights.js';
import type { TuningGradients } from './tuning-gradients.js';

/** What the second half of a block starts from. */
export interface HalfBlock {
  /** The block's input, [N, W]. */
  readonly x: tf.Tensor2D;
  /** Mixed values of the attention, [N, W]. */
  readonly mixed: tf.Tensor2D;
  /** ln_1 of the input, for the adapter, [N, W]. */
  readonly first?: tf.Tensor2D;
}

const outputPart = [{ layer: 'o', factor: 1 }] as const;
const downPart = [{ layer: 'down', factor: 1 }] as const;

/**
 * The second half of a tuned block: output projection, MLP, adapter. Kept: x̂₂, r₂ and the slope of the activation.
 * @returns [N, W]
 */
export function tunedMlp(
  { x, mixed, first }: HalfBlock,
  block: FoldedBlock,
  weights: TunedWeights,
  tuned: TunedRows,
  keeps: boolean,
): { readonly output: tf.Tensor2D; readonly kept: tf.Tensor2D[] } {
  const { adapter } = tuned.tuning;
  const middle = standardiseSum(addBranches(x, mixed, outputPart, tuned), mixed, weights.output, block.ln2.epsilon);
  const { value, slope } = hiddenRows(secondRows(middle.standard, block, tuned), block, weights, tuned, keeps);
  const whole = addApplied(middle.total, value, weights.down);
  const withBranch = addBranches(whole, hiddenOf(value, block, tuned), downPart, tuned);
  const output: tf.Tensor2D = adapter
    ? tf.add(withBranch, adapter.apply(first!, adapter.variables, tuned.ids))
    : withBranch;
  return { output, kept: keeps ? [middle.standard, middle.reciprocal, slope!] : [] };
}

/** Gradients of {@link tunedMlp} with respect to what it starts from; `mixed` is needed where the output projection has a branch. */
export function tunedMlpBackward(
  dy: tf.Tensor2D,
  kept: readonly tf.Tensor2D[],
  { mixed, first }: Partial<HalfBlock>,
  block: FoldedBlock,
  weights: TunedWeights,
  tuned: TunedRows,
  gradients: TuningGradients,
): { readonly dX: tf.Tensor2D; readonly dMixed: tf.Tensor2D; readonly dFirst?: tf.Tensor2D } {
  const [standard, reciprocal, slope] = kept as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const { tuning } = tuned;
  const dFirst = tuning.adapter && gradients.through(tuning.adapter, first!, dy, tuned.ids);
  const rows = secondRows(standard, block, tuned);

  const hidden = tuning.branches?.down && hiddenOf(hiddenRows(rows, block, weights, tuned, false).value, block, tuned);
  const ofDown = branchesBackward(dy, hidden, downPart, tuned, gradients);
  const dValue = through(dy, weights.down);
  const dz: tf.Tensor2D = tf.mul(ofDown ? tf.add(dValue, tf.div(ofDown, quickFactor(block))) : dValue, slope); // [N, 4W]
  const ofUp = branchesBackward(dz, rows.ofBranches, [weights.upPart], tuned, gradients);
  const read = { ofLayer: through(dz, weights.up), ofBranches: ofUp };
  const dStandard = normBackward(standard, read, block.ln2, tuning.ln2, gradients);
  const dX = standardiseBackward(dy, dStandard, { standard, reciprocal });

  const ofOutput = branchesBackward(dX, mixed, outputPart, tuned, gradients);
  const dMixed = through(dX, weights.output);
  return { dX, dMixed: ofOutput ? tf.add(dMixed, ofOutput) : dMixed, dFirst };
}

function secondRows(standard: tf.Tensor2D, block: FoldedBlock, { tuning }: TunedRows): NormRows {
  return normRows(standard, block.ln2, tuning.ln2, tuning.branches?.up !== undefined);
}

function hiddenRows(
  rows: NormRows,
  block: FoldedBlock,
  { up, upPart }: TunedWeights,
  tuned: TunedRows,
  slope: boolean,
) {
  const product = addBranches(timesFrozen(rows.ofLayer, up.weight), rows.ofBranches, [upPart], tuned);
  return activateProduct(product, up.bias, block.activation, slope);
}

/** What the branch of `down` sees: the folded activation gives a multiple of it. */
function hiddenOf(value: tf.Tensor2D, block: FoldedBlock, { tuning }: TunedRows): tf.Tensor2D | undefined {
  return tuning.branches?.down && tf.div(value, quickFactor(block));
}
