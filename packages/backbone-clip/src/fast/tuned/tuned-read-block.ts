import * as tf from '@tensorflow/tfjs-core';
import { blockWith, tensorsOfBlock } from '../../tuned-tensors.js';
import { attend, attendBackward } from '../attention.js';
import type { FoldedBlock } from '../folded-weights.js';
import { timesFrozen } from '../frozen-matrix.js';
import { mergeHeads, splitHeads, type ReadRows, type SequenceGroup } from '../heads.js';
import { standardise, standardiseBackward } from '../layer-norm.js';
import type { EnteringPrompt } from '../prompt-rows.js';
import { intoPlaces, placesOf, splitProjection } from '../read-block.js';
import { apply, invert, pickRows, spreadRows, through } from '../rows.js';
import { withPrompt, type BlockPass } from '../with-prompt.js';
import { addBranches, branchesBackward, sumOf } from './branches.js';
import { addLowRank, lowRankBackward, lowRankGroup, type LowRankGroup } from './low-rank.js';
import { firstRows, hasOutputBranch, keptMixed } from './tuned-block.js';
import { tunedMlp, tunedMlpBackward } from './tuned-mlp.js';
import { normBackward, type NormRows } from './tuned-norm.js';
import { tunedWeights, type TunedRows } from './tuned-weights.js';
import { TuningGradients } from './tuning-gradients.js';

/**
 * The last block of a tower, with something learned in it: `read-block.ts` with the gradients of `tuned-block.ts`.
 *
 * @param x packed rows of all groups, [N, W]
 * @param groups one group, or the prefix and the one that sees it
 * @param prompt deep prompts that replace rows of x before the block
 * @returns the read rows, [S, W]
 */
export function tunedReadBlock(
  x: tf.Tensor2D,
  block: FoldedBlock,
  groups: readonly SequenceGroup[],
  tuned: TunedRows,
  read: ReadRows,
  prompt?: EnteringPrompt,
): tf.Tensor2D {
  const learned = tensorsOfBlock(tuned.tuning);
  const pass: BlockPass = {
    forward: (rows, keeps) => {
      const { output, kept } = forward(rows, block, groups, tuned, read, keeps);
      return { output, kept: [...learned, ...kept] };
    },
    backward: (dy, saved) => {
      const tensors = saved.slice(0, learned.length);
      const own = { ...tuned, tuning: blockWith(tuned.tuning, tensors) };
      const gradients = new TuningGradients();
      const dx = backward(dy, saved.slice(learned.length), block, groups, own, read, gradients);
      return [dx, ...gradients.of(tensors)];
    },
  };
  return withPrompt(x, prompt, groups[0]!, pass, { learned });
}

/** Kept: x̂₁, r₁, x̂₂, r₂, slope of the activation, mixed values if the output projection has a branch; then as in `read-block.ts`. */
function forward(
  x: tf.Tensor2D,
  block: FoldedBlock,
  groups: readonly SequenceGroup[],
  tuned: TunedRows,
  read: ReadRows,
  keeps: boolean,
): { output: tf.Tensor2D; kept: tf.Tensor[] } {
  const weights = tunedWeights(block, tuned.tuning);
  const { query, keysAndValues } = splitProjection(weights.input);
  const [queryPart, ...otherParts] = weights.inputParts;
  const { heads } = block;
  const ofRead = readRows(tuned, read);
  const first = standardise(x, block.ln1.epsilon);
  const group = lowRankGroup(otherParts, block.ln1, tuned);
  const rows = firstRows(first.standard, block, tuned, group);
  const picked = readByBranches(first.standard, rows, block, tuned, read, group); // [S, W]
  const asked = apply(pickRows(rows.ofLayer, read.rows), query);
  const queries = addBranches(asked, picked, [queryPart!], ofRead);
  const product = timesFrozen(rows.ofLayer, keysAndValues.weight); // [N, 2W]
  const projected = group
    ? addLowRank(product, first.standard, group)
    : addBranches(product, rows.ofBranches, otherParts, tuned);
  const prefix = groups.length > 1 ? groups[0]!.length : 0;
  const [k, v] = splitHeads(projected, groups.at(-1)!, { heads, parts: 2, prefix, bias: keysAndValues.bias });
  const q = intoPlaces(queries, groups, read, heads);
  const attended = attend({ q, k: k!, v: v! }, read.mask?.());
  const mixed = pickRows(mergeHeads([[attended.mixed]], [placesOf(groups, read)]), read.places); // [S, W]
  const half = { x: pickRows(x, read.rows), mixed, first: picked };
  const { output, kept } = tunedMlp(half, block, weights, ofRead, keeps);
  if (!keeps) return { output, kept: [] };
  const ofAttention = [...keptMixed(mixed, tuned), q, k!, v!, attended.weights];
  return { output, kept: [first.standard, first.reciprocal, ...kept, ...ofAttention] };
}

function backward(
  dy: tf.Tensor2D,
  kept: readonly tf.Tensor[],
  block: FoldedBlock,
  groups: readonly SequenceGroup[],
  tuned: TunedRows,
  read: ReadRows,
  gradients: TuningGradients,
): tf.Tensor2D {
  const weights = tunedWeights(block, tuned.tuning);
  const { query, keysAndValues } = splitProjection(weights.input);
  const [queryPart, ...otherParts] = weights.inputParts;
  const ofRead = readRows(tuned, read);
  const [standard, reciprocal, ...others] = kept as tf.Tensor2D[];
  const mixed = hasOutputBranch(tuned) ? others[3] : undefined;
  const [q, k, v, attention] = kept.slice(-4) as tf.Tensor4D[];
  const group = lowRankGroup(otherParts, block.ln1, tuned);
  const rows = firstRows(standard!, block, tuned, group);
  const picked = readByBranches(standard!, rows, block, tuned, read, group);
  const half = { mixed, first: picked };
  const { dX, dMixed, dFirst } = tunedMlpBackward(dy, others.slice(0, 3), half, block, weights, ofRead, gradients);

  const dPlaces = intoPlaces(dMixed, groups, read, block.heads);
  const d = attendBackward(dPlaces, attention!, { q: q!, k: k!, v: v! });
  const dQueries = pickRows(mergeHeads([[d.q]], [placesOf(groups, read)]), read.places); // [S, W]
  const dKv = mergeHeads([[d.k, d.v]], [groups.at(-1)!]); // [N, 2W]
  const ofRows = invert(read.rows, standard!.shape[0]);
  const spread = (rowsOfRead: tf.Tensor2D | undefined) => rowsOfRead && spreadRows(rowsOfRead, ofRows);
  const backOfQueries = branchesBackward(dQueries, picked, [queryPart!], ofRead, gradients);
  const withQueries = (d: tf.Tensor2D) => sumOf([d, backOfQueries && spread(tf.mul(backOfQueries, block.ln1.weight))])!;
  const ofBranches = () =>
    sumOf([
      spread(sumOf([dFirst, backOfQueries])),
      branchesBackward(dKv, rows.ofBranches, otherParts, tuned, gradients),
    ]);
  const ofLayer = sumOf([through(dKv, keysAndValues), spread(through(dQueries, query))])!;
  const dStandard = group
    ? lowRankBackward(dKv, standard!, withQueries(ofLayer), group, gradients)
    : normBackward(standard!, { ofLayer, ofBranches: ofBranches() }, block.ln1, tuned.tuning.ln1, gradients);
  const first = { standard: standard!, reciprocal: reciprocal! };
  return standardiseBackward(spread(dX)!, dStandard, first);
}

/** What the branch of the queries reads, [S, W]; a group of the others leaves it to be made. */
function readByBranches(
  standard: tf.Tensor2D,
  { ofBranches }: NormRows,
  block: FoldedBlock,
  tuned: TunedRows,
  read: ReadRows,
  group: LowRankGroup | undefined,
): tf.Tensor2D | undefined {
  if (group) return firstRows(pickRows(standard, read.rows), block, tuned).ofBranches;
  return ofBranches && pickRows(ofBranches, read.rows);
}

function readRows({ tuning, ids }: TunedRows, { rows }: ReadRows): TunedRows {
  return { tuning, ids: Int32Array.from(rows, (row) => ids[row]!) };
}
