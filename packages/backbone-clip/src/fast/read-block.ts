import * as tf from '@tensorflow/tfjs-core';
import { apply, concatRows, invert, pickRows, rowsOf, spreadRows, through } from './rows.js';
import {
  afterPrefix,
  attend,
  attendBackward,
  mergeHeads,
  rowProducts,
  splitHeads,
  splitPrefix,
  type SequenceGroup,
} from './attention.js';
import { activateFolded } from './folded-activation.js';
import type { FoldedBlock } from './folded-weights.js';
import { standardise, standardiseBackward } from './layer-norm.js';
import type { EnteringPrompt } from './prompt-rows.js';
import { withPrompt } from './with-prompt.js';

/** The rows of the last group that are read after the last block: class tokens or ends of text, S of them. */
export interface ReadRows {
  /** Their numbers in the packed matrix. */
  readonly rows: readonly number[];
  /** Rows that are read of each sequence at most, Q: as many queries as each sequence has place for. */
  readonly perSequence: number;
  /** The place of each read row among the C·Q queries. */
  readonly places: readonly number[];
  /** Makes what is added to the scores of each place, [C, Q, P + L]; without it every place sees everything. */
  readonly mask?: () => tf.Tensor;
}

/**
 * The last block of a tower, of which only some rows are read: keys and values for every row; queries, output projection and MLP
 * for the read rows alone. Gradients as in `frozen-block.ts`.
 *
 * @param x packed rows of all groups, [N, W]
 * @param groups one group, or the prefix and the one that sees it
 * @param prompt deep prompts that replace rows of x before the block
 * @returns the read rows, [S, W]
 */
export function readBlock(
  x: tf.Tensor2D,
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
  read: ReadRows,
  prompt?: EnteringPrompt,
): tf.Tensor2D {
  return withPrompt(x, prompt, groups[0]!, (rows, keeps) => ({
    ...forward(rows, weights, groups, read, keeps),
    backward: (dy, kept) => backward(dy, kept, weights, groups, read),
  }));
}

/** Kept in this order: x̂₁, r₁, mixed values, x̂₂, r₂, slope of the activation, queries, keys, values, attention weights. */
function forward(
  x: tf.Tensor2D,
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
  read: ReadRows,
  keeps: boolean,
): { output: tf.Tensor2D; kept: tf.Tensor[] } {
  const first = standardise(x);
  const { query, keysAndValues } = splitProjection(weights);
  const queries = apply(pickRows(first.standard, read.rows), query); // [S, W]
  const { k, v } = keysOfGroups(apply(first.standard, keysAndValues), groups, weights.heads);
  const q = intoPlaces(queries, groups, read, weights.heads);
  const attended = attend({ q, k, v }, read.mask?.());
  const mixed = pickRows(mergeHeads([attended.mixed]), read.places); // [S, W]
  const middle: tf.Tensor2D = tf.add(pickRows(x, read.rows), apply(mixed, weights.outputProjection));
  const second = standardise(middle);
  const hidden = activateFolded(apply(second.standard, weights.up), weights.activation, keeps); // [S, 4W]
  const output: tf.Tensor2D = tf.add(middle, apply(hidden.value, weights.down));
  if (!keeps) return { output, kept: [] };
  const ofRead = [mixed, second.standard, second.reciprocal, hidden.slope!];
  return { output, kept: [first.standard, first.reciprocal, ...ofRead, q, k, v, attended.weights] };
}

function backward(
  dy: tf.Tensor2D,
  kept: readonly tf.Tensor[],
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
  read: ReadRows,
): tf.Tensor2D {
  const [standard1, reciprocal1, mixed, standard2, reciprocal2, slope] = kept as tf.Tensor2D[];
  const [q, k, v, attention] = kept.slice(6) as tf.Tensor4D[];
  const { query, keysAndValues } = splitProjection(weights);

  const dHidden: tf.Tensor2D = tf.mul(through(dy, weights.down), slope!);
  const dMiddle: tf.Tensor2D = tf.add(dy, standardiseBackward(through(dHidden, weights.up), standard2!, reciprocal2!));

  const dMixed = through(dMiddle, weights.outputProjection); // [S, W]
  const along = rowProducts(dMixed, mixed!, weights.heads); // [S, H]
  const inPlaces = (rows: tf.Tensor2D) => intoPlaces(rows, groups, read, weights.heads);
  const d = attendBackward(inPlaces(dMixed), inPlaces(along), attention!, { q: q!, k: k!, v: v! });
  const dQueries = pickRows(mergeHeads([d.q]), read.places); // [S, W]
  const dKv = mergeKeys(d.k, d.v, groups); // [N, 2W]
  const ofRows = invert(read.rows, standard1!.shape[0]);
  const dStandard1: tf.Tensor2D = tf.add(through(dKv, keysAndValues), spreadRows(through(dQueries, query), ofRows));
  return tf.add(spreadRows(dMiddle, ofRows), standardiseBackward(dStandard1, standard1!, reciprocal1!));
}

function splitProjection({ inputProjection: { weight, bias } }: FoldedBlock) {
  const width = weight.shape[0];
  return {
    query: { weight: tf.slice(weight, [0, 0], [-1, width]), bias: tf.slice(bias, 0, width) },
    keysAndValues: { weight: tf.slice(weight, [0, width], [-1, 2 * width]), bias: tf.slice(bias, width, 2 * width) },
  };
}

/** Read rows [S, m] in their sequences' places, split into heads, [H, C, Q, m/H]; 0 in a place that no row takes. */
function intoPlaces(
  rows: tf.Tensor2D,
  groups: readonly SequenceGroup[],
  { perSequence, places }: ReadRows,
  heads: number,
): tf.Tensor4D {
  const { count } = groups.at(-1)!;
  return splitHeads(spreadRows(rows, invert(places, count * perSequence)), count, heads, 1)[0]!;
}

/** Keys and values [N, 2W] split into heads, those of the prefix before those of the last group, [H, C, (P +) L, d]. */
function keysOfGroups(kv: tf.Tensor2D, groups: readonly SequenceGroup[], heads: number) {
  const [first, last] = groups.map((group) => {
    const [k, v] = splitHeads(rowsOf(kv, group), group.count, heads, 2);
    return { k: k!, v: v! };
  });
  return last ? { k: afterPrefix(last.k, first!.k), v: afterPrefix(last.v, first!.v) } : first!;
}

/** Gradients of {@link keysOfGroups}. */
function mergeKeys(dk: tf.Tensor4D, dv: tf.Tensor4D, groups: readonly SequenceGroup[]): tf.Tensor2D {
  if (groups.length === 1) return mergeHeads([dk, dv]);
  const [k, v] = [splitPrefix(dk, groups[0]!.length), splitPrefix(dv, groups[0]!.length)];
  return concatRows([mergeHeads([k.prefix, v.prefix]), mergeHeads([k.own, v.own])]);
}
