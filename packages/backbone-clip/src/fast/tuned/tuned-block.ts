import * as tf from '@tensorflow/tfjs-core';
import { blockWith, tensorsOfBlock } from '../../tuned-tensors.js';
import { attend, attendBackward, turnedHeads, turnedHeadsBackward, type HeadSplit } from '../attention.js';
import type { FoldedBlock } from '../folded-weights.js';
import type { BlockOptions } from '../frozen-block.js';
import { precisionOf, timesFrozen } from '../frozen-matrix.js';
import { mergeHeads, splitHeads, type SequenceGroup } from '../heads.js';
import { standardise, standardiseBackward } from '../layer-norm.js';
import { through } from '../rows.js';
import { withPrompt, type BlockPass } from '../with-prompt.js';
import { addBranches, branchesBackward, sumOf } from './branches.js';
import { addLowRank, lowRankBackward, lowRankGroup, type LowRankGroup } from './low-rank.js';
import { tunedMlp, tunedMlpBackward } from './tuned-mlp.js';
import { normBackward, normRows, type NormRows } from './tuned-norm.js';
import { tunedWeights, type TunedRows } from './tuned-weights.js';
import { TuningGradients } from './tuning-gradients.js';

/**
 * A block within which something is learned: `frozen-block.ts` with gradients of layer norms, biases and branches, too. Same values as
 * `plain/block.ts`.
 *
 * @param x packed rows of all groups, [N, W]
 * @param groups one group, or the prefix and those that see it
 * @returns [N, W]
 */
export function tunedBlock(
  x: tf.Tensor2D,
  block: FoldedBlock,
  groups: readonly SequenceGroup[],
  tuned: TunedRows,
  { recompute = false, prompt }: BlockOptions = {},
): tf.Tensor2D {
  const learned = tensorsOfBlock(tuned.tuning);
  const pass: BlockPass = {
    forward: (rows, keeps) => {
      const { output, kept } = forward(rows, block, groups, tuned, keeps && !recompute);
      return { output, kept: [...learned, ...(recompute ? [rows] : kept)] };
    },
    backward: (dy, saved) => {
      const tensors = saved.slice(0, learned.length);
      const own = { ...tuned, tuning: blockWith(tuned.tuning, tensors) };
      const rest = saved.slice(learned.length);
      const ready = recompute ? forward(rest[0] as tf.Tensor2D, block, groups, own, true).kept : rest;
      const gradients = new TuningGradients();
      const dx = backward(dy, ready, block, groups, own, gradients);
      return [dx, ...gradients.of(tensors)];
    },
  };
  return withPrompt(x, prompt, groups[0]!, pass, { learned });
}

/** Kept: x̂₁, r₁, x̂₂, r₂, slope of the activation, mixed values if the output projection has a branch; then as in `frozen-block.ts`. */
function forward(
  x: tf.Tensor2D,
  block: FoldedBlock,
  groups: readonly SequenceGroup[],
  tuned: TunedRows,
  keeps: boolean,
): { output: tf.Tensor2D; kept: tf.Tensor[] } {
  const weights = tunedWeights(block, tuned.tuning);
  const { heads } = block;
  const first = standardise(x, block.ln1.epsilon);
  const group = lowRankGroup(weights.inputParts, block.ln1, tuned);
  const rows = firstRows(first.standard, block, tuned, group);
  const product = timesFrozen(rows.ofLayer, weights.input.weight); // [N, 3W]
  const projected = group
    ? addLowRank(product, first.standard, group)
    : addBranches(product, rows.ofBranches, weights.inputParts, tuned);
  const splits = groups.map((group, g): HeadSplit => {
    const prefix = g === 0 ? 0 : groups[0]!.length;
    const [q, k, v] = splitHeads(projected, group, { heads, parts: 3, prefix, bias: weights.input.bias });
    return turnedHeads({ q: q!, k: k!, v: v! }, group.rotation);
  });
  const precision = precisionOf(weights.input.weight);
  const attended = groups.map(({ mask }, g) => tf.tidy(() => ({ ...attend(splits[g]!, mask?.(), precision) })));
  const mixed = mergeHeads(
    attended.map((group) => [group.mixed]),
    groups,
  );
  const { output, kept } = tunedMlp({ x, mixed, first: rows.ofBranches }, block, weights, tuned, keeps);
  if (!keeps) return { output, kept: [] };
  const ofGroups = splits.flatMap(({ q, k, v }, g) => [q, k, v, attended[g]!.weights]);
  return { output, kept: [first.standard, first.reciprocal, ...kept, ...keptMixed(mixed, tuned), ...ofGroups] };
}

function backward(
  dy: tf.Tensor2D,
  kept: readonly tf.Tensor[],
  block: FoldedBlock,
  groups: readonly SequenceGroup[],
  tuned: TunedRows,
  gradients: TuningGradients,
): tf.Tensor2D {
  const weights = tunedWeights(block, tuned.tuning);
  const [standard, reciprocal, ...ofRows] = kept as tf.Tensor2D[];
  const mixed = hasOutputBranch(tuned) ? ofRows[3] : undefined;
  const ofGroups = kept.slice(mixed ? 6 : 5) as tf.Tensor4D[];
  const group = lowRankGroup(weights.inputParts, block.ln1, tuned);
  const rows = firstRows(standard!, block, tuned, group);
  const half = { mixed, first: rows.ofBranches };
  const { dX, dMixed, dFirst } = tunedMlpBackward(dy, ofRows.slice(0, 3), half, block, weights, tuned, gradients);

  const precision = precisionOf(weights.input.weight);
  const ofHeads = groups.map((group, g) => {
    const [q, k, v, attention] = ofGroups.slice(4 * g);
    const [dGroup] = splitHeads(dMixed, group, { heads: block.heads, parts: 1 });
    const d = attendBackward(dGroup!, attention!, { q: q!, k: k!, v: v! }, precision);
    const { q: dq, k: dk, v: dv } = turnedHeadsBackward(d, group.rotation);
    return [dq, dk, dv];
  });
  const dProjected = mergeHeads(ofHeads, groups); // [N, 3W]
  const ofLayer = through(dProjected, weights.input);
  const ofBranches = group
    ? undefined
    : sumOf([dFirst, branchesBackward(dProjected, rows.ofBranches, weights.inputParts, tuned, gradients)]);
  const dStandard = group
    ? lowRankBackward(dProjected, standard!, ofLayer, group, gradients)
    : normBackward(standard!, { ofLayer, ofBranches }, block.ln1, tuned.tuning.ln1, gradients);
  return standardiseBackward(dX, dStandard, { standard: standard!, reciprocal: reciprocal! });
}

/** ln_1 of the rows as layers and branches read it; a group reads the standardised rows. */
export function firstRows(
  standard: tf.Tensor2D,
  block: FoldedBlock,
  { tuning: { branches = {}, adapter, ln1 } }: TunedRows,
  group?: LowRankGroup,
): NormRows {
  const reads = branches.q ?? branches.k ?? branches.v ?? adapter;
  return normRows(standard, block.ln1, ln1, reads !== undefined && !group);
}

/** Mixed values, kept where the output projection has a branch. */
export function keptMixed(mixed: tf.Tensor2D, tuned: TunedRows): tf.Tensor2D[] {
  return hasOutputBranch(tuned) ? [mixed] : [];
}

/** Whether the output projection has a branch. */
export function hasOutputBranch({ tuning }: TunedRows): boolean {
  return tuning.branches?.o !== undefined;
}
