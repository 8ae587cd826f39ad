import * as tf from '@tensorflow/tfjs-core';
import { apply, concatRows, rowsOf, sumOf, through } from './rows.js';
import { attend, attendBackward, mergeHeads, rowProducts, splitHeads, type SequenceGroup } from './attention.js';
import { activateFolded } from './folded-activation.js';
import type { FoldedBlock } from './folded-weights.js';
import { standardise, standardiseBackward } from './layer-norm.js';
import type { EnteringPrompt } from './prompt-rows.js';
import { withPrompt } from './with-prompt.js';

/** Which row of each sequence is read after the last block: the class token or the end of text. */
export type ReadRow = 'first' | 'last';

/**
 * The last block of a tower, of which only one row per sequence is read: keys and values for every row; queries, output
 * projection and MLP for the read rows alone. Gradients as in `frozen-block.ts`.
 *
 * @param x packed rows of all groups, [N, W]
 * @param prefix the group that the others see and that is not read itself
 * @param groups the groups that are read; S is the number of their sequences
 * @param prompt deep prompts that replace rows of x before the block
 * @returns the read rows, [S, W]
 */
export function readBlock(
  x: tf.Tensor2D,
  weights: FoldedBlock,
  prefix: SequenceGroup | undefined,
  groups: readonly SequenceGroup[],
  read: ReadRow,
  prompt?: EnteringPrompt,
): tf.Tensor2D {
  return withPrompt(x, prompt, prefix ?? groups[0]!, (rows, keeps) => ({
    ...forward(rows, weights, prefix, groups, read, keeps),
    backward: (dy, kept) => backward(dy, kept, weights, prefix, groups, read),
  }));
}

/** Kept in this order: x̂₁, r₁, keys and values, queries, mixed values, x̂₂, r₂, slope of the activation, attention weights. */
function forward(
  x: tf.Tensor2D,
  weights: FoldedBlock,
  prefix: SequenceGroup | undefined,
  groups: readonly SequenceGroup[],
  read: ReadRow,
  keeps: boolean,
): { output: tf.Tensor2D; kept: tf.Tensor[] } {
  const first = standardise(x);
  const { query, keysAndValues } = splitProjection(weights);
  const kv = apply(first.standard, keysAndValues); // [N, 2W]
  const queries = apply(pickRows(first.standard, groups, read), query); // [S, W]
  const ofPrefix = prefix && keysOf(kv, prefix, weights.heads);
  let sequence = 0;
  const attended = groups.map((group) => {
    const [q] = splitHeads(tf.slice(queries, [sequence, 0], [group.count, -1]), group.count, weights.heads, 1);
    sequence += group.count;
    const { k, v } = keysOf(kv, group, weights.heads);
    return attend(q!, k, v, ofPrefix);
  });
  const mixed = concatRows(attended.map(({ mixed }) => mergeHeads([mixed]))); // [S, W]
  const middle: tf.Tensor2D = tf.add(pickRows(x, groups, read), apply(mixed, weights.outputProjection));
  const second = standardise(middle);
  const hidden = activateFolded(apply(second.standard, weights.up), weights.activation, keeps); // [S, 4W]
  const output: tf.Tensor2D = tf.add(middle, apply(hidden.value, weights.down));
  if (!keeps) return { output, kept: [] };
  const { standard, reciprocal } = first;
  const kept = [standard, reciprocal, kv, queries, mixed, second.standard, second.reciprocal, hidden.slope!];
  return { output, kept: [...kept, ...attended.map((group) => group.weights)] };
}

function backward(
  dy: tf.Tensor2D,
  kept: readonly tf.Tensor[],
  weights: FoldedBlock,
  prefix: SequenceGroup | undefined,
  groups: readonly SequenceGroup[],
  read: ReadRow,
): tf.Tensor2D {
  const [standard1, reciprocal1, kv, queries, mixed, standard2, reciprocal2, slope] = kept as tf.Tensor2D[];
  const attentionWeights = kept.slice(8) as tf.Tensor4D[];
  const { query, keysAndValues } = splitProjection(weights);

  const dHidden: tf.Tensor2D = tf.mul(through(dy, weights.down), slope!);
  const dMiddle: tf.Tensor2D = tf.add(dy, standardiseBackward(through(dHidden, weights.up), standard2!, reciprocal2!));

  const dMixed = through(dMiddle, weights.outputProjection); // [S, W]
  const along = rowProducts(dMixed, mixed!, weights.heads); // [S, H]
  const ofPrefix = prefix && keysOf(kv!, prefix, weights.heads);
  let sequence = 0;
  const gradients = groups.map((group, g) => {
    const rows = (x: tf.Tensor2D) =>
      splitHeads(tf.slice(x, [sequence, 0], [group.count, -1]), group.count, weights.heads, 1)[0]!;
    const [dGroup, product, q] = [rows(dMixed), rows(along), rows(queries!)];
    sequence += group.count;
    return attendBackward(dGroup, product, attentionWeights[g]!, { q, ...keysOf(kv!, group, weights.heads) }, ofPrefix);
  });
  const dQueries = concatRows(gradients.map(({ q }) => mergeHeads([q]))); // [S, W]
  const ofGroups = gradients.map(({ k, v }) => mergeHeads([k, v]));
  const dPrefix = prefix
    ? [mergeHeads([sumOf(gradients.map(({ prefixK }) => prefixK!)), sumOf(gradients.map(({ prefixV }) => prefixV!))])]
    : [];
  const dKv = concatRows([...dPrefix, ...ofGroups]); // [N, 2W]
  const spread = (rows: tf.Tensor2D) => spreadRows(rows, prefix, groups, read);
  const dStandard1: tf.Tensor2D = tf.add(through(dKv, keysAndValues), spread(through(dQueries, query)));
  return tf.add(spread(dMiddle), standardiseBackward(dStandard1, standard1!, reciprocal1!));
}

function splitProjection({ inputProjection: { weight, bias } }: FoldedBlock) {
  const width = weight.shape[0];
  return {
    query: { weight: tf.slice(weight, [0, 0], [-1, width]), bias: tf.slice(bias, 0, width) },
    keysAndValues: { weight: tf.slice(weight, [0, width], [-1, 2 * width]), bias: tf.slice(bias, width, 2 * width) },
  };
}

function keysOf(kv: tf.Tensor2D, group: SequenceGroup, heads: number): { k: tf.Tensor4D; v: tf.Tensor4D } {
  const [k, v] = splitHeads(rowsOf(kv, group), group.count, heads, 2);
  return { k: k!, v: v! };
}

/** The read row of every sequence, [S, W], of packed rows [N, W]. */
export function pickRows(x: tf.Tensor2D, groups: readonly SequenceGroup[], read: ReadRow): tf.Tensor2D {
  const width = x.shape[1];
  return concatRows(
    groups.map((group) => {
      const sequences = tf.reshape(rowsOf(x, group), [group.count, group.length, width]);
      const at = read === 'first' ? 0 : group.length - 1;
      return tf.reshape(tf.slice(sequences, [0, at, 0], [-1, 1, -1]), [group.count, width]) as tf.Tensor2D;
    }),
  );
}

/** The reverse of {@link pickRows}: rows that are not read get 0, [N, W]. */
function spreadRows(
  rows: tf.Tensor2D,
  prefix: SequenceGroup | undefined,
  groups: readonly SequenceGroup[],
  read: ReadRow,
): tf.Tensor2D {
  const width = rows.shape[1];
  let sequence = 0;
  const parts: tf.Tensor2D[] = prefix ? [tf.zeros([prefix.length, width])] : [];
  for (const { count, length } of groups) {
    const own = tf.reshape(tf.slice(rows, [sequence, 0], [count, -1]), [count, 1, width]);
    sequence += count;
    const others: [number, number] = read === 'first' ? [0, length - 1] : [length - 1, 0];
    parts.push(tf.reshape(tf.pad(own, [[0, 0], others, [0, 0]]), [count * length, width]));
  }
  return concatRows(parts);
}
