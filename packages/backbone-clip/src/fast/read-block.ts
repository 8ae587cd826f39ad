import * as tf from '@tensorflow/tfjs-core';
import { attend, attendBackward } from './attention.js';
import { blockProgram } from './block-program.js';
import type { FoldedBlock } from './folded-weights.js';
import { columnsOf, timesFrozen, type FrozenLinear } from './frozen-matrix.js';
import { mergeHeads, splitHeads, type ReadRows, type SequenceGroup } from './heads.js';
import { standardise, standardiseBackward, standardiseSum } from './layer-norm.js';
import { addMlp, mlpBackward } from './mlp.js';
import type { EnteringPrompt } from './prompt-rows.js';
import { apply, invert, pickRows, spreadRows, through } from './rows.js';
import { withPrompt, type BlockPass } from './with-prompt.js';

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
  const pass: BlockPass = {
    forward: (rows, keeps) => forward(rows, weights, groups, read, keeps),
    backward: (dy, kept) => [backward(dy, kept, weights, groups, read)],
  };
  return withPrompt(x, prompt, groups[0]!, pass, { program: blockProgram('read', weights, groups, read) });
}

/** Kept in this order: x̂₁, r₁, x̂₂, r₂, slope of the activation, queries, keys, values, attention weights. */
function forward(
  x: tf.Tensor2D,
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
  read: ReadRows,
  keeps: boolean,
): { output: tf.Tensor2D; kept: tf.Tensor[] } {
  const { outputProjection, heads } = weights;
  const first = standardise(x, weights.ln1.epsilon);
  const { query, keysAndValues } = splitProjection(weights.inputProjection);
  const queries = apply(pickRows(first.standard, read.rows), query); // [S, W]
  const last = groups.at(-1)!;
  const prefix = groups.length > 1 ? groups[0]!.length : 0;
  const projected = timesFrozen(first.standard, keysAndValues.weight); // [N, 2W]
  const [k, v] = splitHeads(projected, last, { heads, parts: 2, prefix, bias: keysAndValues.bias });
  const q = intoPlaces(queries, groups, read, heads);
  const attended = attend({ q, k: k!, v: v! }, read.mask?.());
  const mixed = pickRows(mergeHeads([[attended.mixed]], [placesOf(groups, read)]), read.places); // [S, W]
  const middle = standardiseSum(pickRows(x, read.rows), mixed, outputProjection, weights.ln2.epsilon);
  const { output, slope } = addMlp(middle.total, middle.standard, weights, keeps); // [S, W], [S, 4W]
  if (!keeps) return { output, kept: [] };
  const ofRead = [middle.standard, middle.reciprocal, slope!];
  return { output, kept: [first.standard, first.reciprocal, ...ofRead, q, k!, v!, attended.weights] };
}

function backward(
  dy: tf.Tensor2D,
  kept: readonly tf.Tensor[],
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
  read: ReadRows,
): tf.Tensor2D {
  const [standard1, reciprocal1, standard2, reciprocal2, slope] = kept as tf.Tensor2D[];
  const [q, k, v, attention] = kept.slice(5) as tf.Tensor4D[];
  const { query, keysAndValues } = splitProjection(weights.inputProjection);

  const second = { standard: standard2!, reciprocal: reciprocal2! };
  const dMiddle = standardiseBackward(dy, mlpBackward(dy, slope!, weights), second); // [S, W]

  const dMixed = intoPlaces(through(dMiddle, weights.outputProjection), groups, read, weights.heads);
  const d = attendBackward(dMixed, attention!, { q: q!, k: k!, v: v! });
  const dQueries = pickRows(mergeHeads([[d.q]], [placesOf(groups, read)]), read.places); // [S, W]
  const dKv = mergeHeads([[d.k, d.v]], [groups.at(-1)!]); // [N, 2W]
  const ofRows = invert(read.rows, standard1!.shape[0]);
  const dStandard1: tf.Tensor2D = tf.add(through(dKv, keysAndValues), spreadRows(through(dQueries, query), ofRows));
  const first = { standard: standard1!, reciprocal: reciprocal1! };
  return standardiseBackward(spreadRows(dMiddle, ofRows), dStandard1, first);
}

/** The layer that gives the queries, and the one that gives keys and values. */
export function splitProjection({ weight, bias }: FrozenLinear) {
  const width = weight.shape[0];
  return {
    query: { weight: columnsOf(weight, 0, width), bias: tf.slice(bias, 0, width) },
    keysAndValues: { weight: columnsOf(weight, width, 2 * width), bias: tf.slice(bias, width, 2 * width) },
  };
}

/** Read rows [S, W] in their sequences' places, split into heads, [H, C, Q, d]; 0 in a place that no row takes. */
export function intoPlaces(
  rows: tf.Tensor2D,
  groups: readonly SequenceGroup[],
  read: ReadRows,
  heads: number,
): tf.Tensor4D {
  const places = placesOf(groups, read);
  const spread = spreadRows(rows, invert(read.places, places.count * places.length));
  return splitHeads(spread, places, { heads, parts: 1 })[0]!;
}

/** The places of the read rows as sequences of their own. */
export function placesOf(groups: readonly SequenceGroup[], { perSequence }: ReadRows) {
  return { start: 0, count: groups.at(-1)!.count, length: perSequence };
}
