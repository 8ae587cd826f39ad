import * as tf from '@tensorflow/tfjs-core';
import {
  attend,
  attendBackward,
  mergeHeads,
  rowProducts,
  splitHeads,
  type HeadSplit,
  type SequenceGroup,
} from './attention.js';
import { activateFolded } from './folded-activation.js';
import type { FoldedBlock } from './folded-weights.js';
import { standardise, standardiseBackward } from './layer-norm.js';
import type { EnteringPrompt } from './prompt-rows.js';
import { apply, concatRows, rowsOf, sumOf, through } from './rows.js';
import { withPrompt } from './with-prompt.js';
import { causalMask } from '../plain/text-tower.js';

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
 * @param groups who sees whom; group 0 is the prefix where others see one
 * @returns [N, W]
 */
export function frozenBlock(
  x: tf.Tensor2D,
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
  { recompute = false, prompt }: BlockOptions = {},
): tf.Tensor2D {
  return withPrompt(x, prompt, groups[0]!, (rows, keeps) => {
    const { output, kept } = forward(rows, weights, groups, keeps && !recompute);
    return {
      output,
      kept: recompute ? [rows] : kept,
      backward: (dy, saved) => {
        const ready = recompute ? forward(saved[0] as tf.Tensor2D, weights, groups, true).kept : saved;
        return backward(dy, ready, weights, groups);
      },
    };
  });
}

/** Kept in this order: x̂₁, r₁, projected rows, mixed values, x̂₂, r₂, slope of the activation, attention weights of each group. */
function forward(
  x: tf.Tensor2D,
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
  keeps: boolean,
): { output: tf.Tensor2D; kept: tf.Tensor[] } {
  const first = standardise(x);
  const projected = apply(first.standard, weights.inputProjection); // [N, 3W]
  const prefix = headsOf(projected, groups[0]!, weights.heads);
  const attended = groups.map((group, g) => {
    const { q, k, v } = g === 0 ? prefix : headsOf(projected, group, weights.heads);
    return attend(q, k, v, group.seesPrefix ? prefix : undefined, group.causal ? causalMask(group.length) : undefined);
  });
  const mixed = concatRows(attended.map(({ mixed }) => mergeHeads([mixed]))); // [N, W]
  const middle = tf.add(x, apply(mixed, weights.outputProjection)) as tf.Tensor2D;
  const second = standardise(middle);
  const hidden = activateFolded(apply(second.standard, weights.up), weights.activation, keeps); // [N, 4W]
  const output = tf.add(middle, apply(hidden.value, weights.down)) as tf.Tensor2D;
  if (!keeps) return { output, kept: [] };
  const kept = [first.standard, first.reciprocal, projected, mixed, second.standard, second.reciprocal, hidden.slope!];
  return { output, kept: [...kept, ...attended.map((group) => group.weights)] };
}

function backward(
  dy: tf.Tensor2D,
  kept: readonly tf.Tensor[],
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
): tf.Tensor2D {
  const [standard1, reciprocal1, projected, mixed, standard2, reciprocal2, slope] = kept as tf.Tensor2D[];
  const attentionWeights = kept.slice(7) as tf.Tensor4D[];

  const dHidden: tf.Tensor2D = tf.mul(through(dy, weights.down), slope!); // [N, 4W]
  const dMiddle: tf.Tensor2D = tf.add(dy, standardiseBackward(through(dHidden, weights.up), standard2!, reciprocal2!));

  const dMixed = through(dMiddle, weights.outputProjection); // [N, W]
  const along = rowProducts(dMixed, mixed!, weights.heads); // [N, H]
  const prefix = headsOf(projected!, groups[0]!, weights.heads);
  const gradients = groups.map((group, g) => {
    const heads = g === 0 ? prefix : headsOf(projected!, group, weights.heads);
    const [dGroup] = splitHeads(rowsOf(dMixed, group), group.count, weights.heads, 1);
    const [product] = splitHeads(rowsOf(along, group), group.count, weights.heads, 1); // [H, C, L, 1]
    return attendBackward(dGroup!, product!, attentionWeights[g]!, heads, group.seesPrefix ? prefix : undefined);
  });
  const dProjected = concatRows(
    gradients.map((own, g) => {
      if (g > 0) return mergeHeads([own.q, own.k, own.v]);
      const k = sumOf([own.k, ...gradients.flatMap(({ prefixK }) => prefixK ?? [])]);
      const v = sumOf([own.v, ...gradients.flatMap(({ prefixV }) => prefixV ?? [])]);
      return mergeHeads([own.q, k, v]);
    }),
  ); // [N, 3W]
  const dStandard1 = through(dProjected, weights.inputProjection);
  return tf.add(dMiddle, standardiseBackward(dStandard1, standard1!, reciprocal1!));
}

function headsOf(projected: tf.Tensor2D, group: SequenceGroup, heads: number): HeadSplit {
  const [q, k, v] = splitHeads(rowsOf(projected, group), group.count, heads, 3);
  return { q: q!, k: k!, v: v! };
}
