import * as tf from '@tensorflow/tfjs-core';
import {
  afterPrefix,
  attend,
  attendBackward,
  mergeHeads,
  rowProducts,
  splitHeads,
  splitPrefix,
  type HeadSplit,
  type SequenceGroup,
} from './attention.js';
import { activateFolded } from './folded-activation.js';
import type { FoldedBlock } from './folded-weights.js';
import { standardise, standardiseBackward } from './layer-norm.js';
import type { EnteringPrompt } from './prompt-rows.js';
import { apply, concatRows, rowsOf, through } from './rows.js';
import { withPrompt } from './with-prompt.js';

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

/** Kept in this order: x̂₁, r₁, mixed values, x̂₂, r₂, slope of the activation; of each group queries, keys, values and attention weights. */
function forward(
  x: tf.Tensor2D,
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
  keeps: boolean,
): { output: tf.Tensor2D; kept: tf.Tensor[] } {
  const first = standardise(x);
  const heads = headsOfGroups(apply(first.standard, weights.inputProjection), groups, weights.heads);
  const attended = groups.map(({ mask }, g) => tf.tidy(() => ({ ...attend(heads[g]!, mask?.()) })));
  const mixed = concatRows(attended.map(({ mixed }) => mergeHeads([mixed]))); // [N, W]
  const middle = tf.add(x, apply(mixed, weights.outputProjection)) as tf.Tensor2D;
  const second = standardise(middle);
  const hidden = tf.tidy(() => activateFolded(apply(second.standard, weights.up), weights.activation, keeps)); // [N, 4W]
  const output = tf.add(middle, apply(hidden.value, weights.down)) as tf.Tensor2D;
  if (!keeps) return { output, kept: [] };
  const kept = [first.standard, first.reciprocal, mixed, second.standard, second.reciprocal, hidden.slope!];
  return { output, kept: [...kept, ...heads.flatMap(({ q, k, v }, g) => [q, k, v, attended[g]!.weights])] };
}

function backward(
  dy: tf.Tensor2D,
  kept: readonly tf.Tensor[],
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
): tf.Tensor2D {
  const [standard1, reciprocal1, mixed, standard2, reciprocal2, slope] = kept as tf.Tensor2D[];

  const dMiddle = tf.tidy((): tf.Tensor2D => {
    const dHidden: tf.Tensor2D = tf.mul(through(dy, weights.down), slope!); // [N, 4W]
    return tf.add(dy, standardiseBackward(through(dHidden, weights.up), standard2!, reciprocal2!));
  });

  const dMixed = through(dMiddle, weights.outputProjection); // [N, W]
  const along = rowProducts(dMixed, mixed!, weights.heads); // [N, H]
  const gradients = groups.map((group, g) => {
    const [q, k, v, attention] = kept.slice(6 + 4 * g) as tf.Tensor4D[];
    const [dGroup] = splitHeads(rowsOf(dMixed, group), group.count, weights.heads, 1);
    const [product] = splitHeads(rowsOf(along, group), group.count, weights.heads, 1); // [H, C, L, 1]
    return attendBackward(dGroup!, product!, attention!, { q: q!, k: k!, v: v! });
  });
  const dProjected = mergeGroups(gradients, groups); // [N, 3W]
  const dStandard1 = through(dProjected, weights.inputProjection);
  return tf.add(dMiddle, standardiseBackward(dStandard1, standard1!, reciprocal1!));
}

/** Projected rows [N, 3W] split into groups and heads; the keys and values of the first come before those of the others. */
function headsOfGroups(projected: tf.Tensor2D, groups: readonly SequenceGroup[], heads: number): HeadSplit[] {
  return tf.tidy(() => {
    const [first, ...others] = groups.map((group) => {
      const [q, k, v] = splitHeads(rowsOf(projected, group), group.count, heads, 3);
      return { q: q!, k: k!, v: v! };
    });
    return [first!, ...others.map(({ q, k, v }) => ({ q, k: afterPrefix(k, first!.k), v: afterPrefix(v, first!.v) }))];
  });
}

/** Gradients of {@link headsOfGroups}. */
function mergeGroups(gradients: readonly HeadSplit[], groups: readonly SequenceGroup[]): tf.Tensor2D {
  const [first, ...others] = gradients;
  let { k, v } = first!;
  const rows = others.map((d) => {
    const ofKeys = splitPrefix(d.k, groups[0]!.length);
    const ofValues = splitPrefix(d.v, groups[0]!.length);
    k = tf.add(k, ofKeys.prefix);
    v = tf.add(v, ofValues.prefix);
    return mergeHeads([d.q, ofKeys.own, ofValues.own]);
  });
  return concatRows([mergeHeads([first!.q, k, v]), ...rows]);
}
