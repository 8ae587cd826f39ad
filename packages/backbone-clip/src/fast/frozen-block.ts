import * as tf from '@tensorflow/tfjs-core';
import { attend, attendBackward, turnedHeads, turnedHeadsBackward, type HeadSplit } from './attention.js';
import { blockProgram } from './block-program.js';
import type { FoldedBlock } from './folded-weights.js';
import { precisionOf, timesFrozen, type FrozenLinear } from './frozen-matrix.js';
import { mergeHeads, splitHeads, type SequenceGroup } from './heads.js';
import { standardise, standardiseBackward, standardiseSum } from './layer-norm.js';
import { addMlp, mlpBackward } from './mlp.js';
import type { EnteringPrompt } from './prompt-rows.js';
import { through } from './rows.js';
import { withPrompt, type BlockPass } from './with-prompt.js';

/** What a block may do besides. */
export interface BlockOptions {
  /** Keep only the input and compute the forward pass again in the backward pass (gradient checkpointing). */
  readonly recompute?: boolean;
  /** Deep prompts that replace rows of x before the block. */
  readonly prompt?: EnteringPrompt;
}

/**
 * One transformer block with frozen weights over the packed rows of many sequences. Gradients flow to the activations
 * only, by a hand-written backward pass that keeps what it needs and nothing else. Same values as `plain/block.ts`.
 *
 * @param x packed rows of all groups, [N, W]
 * @param groups one group, or the prefix and those that see it
 * @returns [N, W]
 */
export function frozenBlock(
  x: tf.Tensor2D,
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
  { recompute = false, prompt }: BlockOptions = {},
): tf.Tensor2D {
  const pass: BlockPass = {
    forward: (rows, keeps) => {
      const { output, kept } = forward(rows, weights, groups, keeps && !recompute);
      return { output, kept: recompute ? [rows] : kept };
    },
    backward: (dy, kept) => {
      const ready = recompute ? forward(kept[0] as tf.Tensor2D, weights, groups, true).kept : kept;
      return [backward(dy, ready, weights, groups)];
    },
  };
  return withPrompt(x, prompt, groups[0]!, pass, { program: blockProgram(`frozen ${recompute}`, weights, groups) });
}

/** Kept in this order: x̂₁, r₁, x̂₂, r₂, slope of the activation; of each group queries, keys, values and attention weights. */
function forward(
  x: tf.Tensor2D,
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
  keeps: boolean,
): { output: tf.Tensor2D; kept: tf.Tensor[] } {
  const { inputProjection, outputProjection } = weights;
  const first = standardise(x, weights.ln1.epsilon);
  const heads = headsOfGroups(first.standard, inputProjection, groups, weights.heads);
  const precision = precisionOf(inputProjection.weight);
  const attended = groups.map(({ mask }, g) => tf.tidy(() => ({ ...attend(heads[g]!, mask?.(), precision) })));
  const ofGroups = attended.map(({ mixed }) => [mixed]);
  const middle = standardiseSum(x, mergeHeads(ofGroups, groups), outputProjection, weights.ln2.epsilon);
  const { output, slope } = addMlp(middle.total, middle.standard, weights, keeps);
  if (!keeps) return { output, kept: [] };
  const kept = [first.standard, first.reciprocal, middle.standard, middle.reciprocal, slope!];
  return { output, kept: [...kept, ...heads.flatMap(({ q, k, v }, g) => [q, k, v, attended[g]!.weights])] };
}

function backward(
  dy: tf.Tensor2D,
  kept: readonly tf.Tensor[],
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
): tf.Tensor2D {
  const [standard1, reciprocal1, standard2, reciprocal2, slope] = kept as tf.Tensor2D[];

  const second = { standard: standard2!, reciprocal: reciprocal2! };
  const dMiddle = standardiseBackward(dy, mlpBackward(dy, slope!, weights), second);

  const dMixed = through(dMiddle, weights.outputProjection); // [N, W]
  const precision = precisionOf(weights.inputProjection.weight);
  const gradients = groups.map((group, g) => {
    const [q, k, v, attention] = kept.slice(5 + 4 * g) as tf.Tensor4D[];
    const [dGroup] = splitHeads(dMixed, group, { heads: weights.heads, parts: 1 });
    const d = attendBackward(dGroup!, attention!, { q: q!, k: k!, v: v! }, precision);
    const { q: dq, k: dk, v: dv } = turnedHeadsBackward(d, group.rotation);
    return [dq, dk, dv];
  });
  const dStandard1 = through(mergeHeads(gradients, groups), weights.inputProjection);
  return standardiseBackward(dMiddle, dStandard1, { standard: standard1!, reciprocal: reciprocal1! });
}

/** Queries, keys and values of each group; the keys and values of the first group come before those of the others. */
function headsOfGroups(
  x: tf.Tensor2D,
  { weight, bias }: FrozenLinear,
  groups: readonly SequenceGroup[],
  heads: number,
): HeadSplit[] {
  return tf.tidy(() => {
    const projected = timesFrozen(x, weight); // [N, 3W]
    return groups.map((group, g) => {
      const prefix = g === 0 ? 0 : groups[0]!.length;
      const [q, k, v] = splitHeads(projected, group, { heads, parts: 3, prefix, bias });
      return { ...turnedHeads({ q: q!, k: k!, v: v! }, group.rotation) };
    });
  });
}
