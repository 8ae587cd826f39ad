import * as tf from '@tensorflow/tfjs-core';
import {
  layerNorm,
  type PromptedText,
  type TextEncoding,
  type TextRequest,
  type TokenPosition,
} from '@promptweave/core';
import type { ClipModel } from '../clip-model.js';
import type { SequenceGroup } from './attention.js';
import type { FoldedBlock } from './folded-weights.js';
import { frozenBlock } from './frozen-block.js';
import { readBlock } from './read-block.js';

/**
 * The text tower over packed rows: the prefix once for all classes, then the branches, classes of equal length side by
 * side so that nothing is padded. No row after the end of text, unless padding is asked for. Exact: the mask is causal.
 */
export function encodeTextFast(
  model: ClipModel<FoldedBlock>,
  text: PromptedText,
  request: TextRequest,
  recompute: boolean,
): TextEncoding {
  const { tensors, shape } = model;
  const blocks = request.blocks ?? tensors.text.blocks.map((_, i) => i);
  const keepLast = request.keepLast ?? 0;
  const layout = packClasses(text, shape.text.contextLength, keepLast > 0 ? (request.paddedClasses ?? 0) : 0);

  const all = tf.concat([text.prefix, text.branches, model.embedTokens([0])], 0);
  const embedded = tf.gather(all, tf.tensor1d(layout.source, 'int32'));
  let x = tf.add(embedded, tf.gather(tensors.text.positions, tf.tensor1d(layout.position, 'int32'))) as tf.Tensor2D;
  const kept: tf.Tensor2D[] = [];
  let last: tf.Tensor2D | undefined; // [C, T] in the order of the layout
  blocks.forEach((index, step) => {
    const deep = step > 0 ? text.deep[step - 1] : undefined;
    const prompt = deep && { rows: deep, at: 1 };
    const isRead = step === blocks.length - 1 && keepLast === 0;
    const [prefix, ...branches] = layout.groups;
    const input = x;
    if (isRead) last = readBlock(x, tensors.text.blocks[index]!, prefix, branches, 'last', prompt);
    else x = frozenBlock(x, tensors.text.blocks[index]!, layout.groups, { recompute, prompt });
    if (!kept.includes(input)) input.dispose(); // the tape has what it needs of it
    if (step >= blocks.length - keepLast) kept.push(x);
  });

  const rowOf = ({ class: c, position }: TokenPosition) => {
    if (position < text.prefix.shape[0]) return position;
    if (position < text.prefix.shape[0] + layout.lengths[c]!)
      return layout.firstRow[c]! + position - text.prefix.shape[0];
    throw new RangeError(`Class ${c} has no row at position ${position}: padding was not asked for.`);
  };
  const ends = last ? layout.rank : text.roles.map(({ end }, c) => rowOf({ class: c, position: end }));
  const read = tf.gather(last ?? x, tf.tensor1d(ends, 'int32')); // [C, T]
  const { lnFinal, projection } = tensors.text;
  return {
    features: tf.matMul(layerNorm(read, lnFinal.weight, lnFinal.bias), projection),
    kept: kept.length,
    rows: (step, positions) => tf.gather(kept[step]!, tf.tensor1d(positions.map(rowOf), 'int32')),
  };
}

/** Where every row of the packed matrix comes from and belongs. */
export interface PackedLayout {
  /** The prefix, then one group for each length of branch, shortest first. */
  readonly groups: readonly SequenceGroup[];
  /** Row of [prefix; branches; padding] that each packed row is taken from. */
  readonly source: number[];
  /** Position in its prompt of each packed row. */
  readonly position: number[];
  /** Packed rows of each class's branch. */
  readonly lengths: readonly number[];
  /** First packed row of each class's branch. */
  readonly firstRow: readonly number[];
  /** Each class's place in the order of the packed branches. */
  readonly rank: number[];
}

/** Lays the branches of all classes out by length; the first `paddedClasses` are padded to the context length. */
export function packClasses(text: PromptedText, contextLength: number, paddedClasses: number): PackedLayout {
  const prefixLength = text.prefix.shape[0];
  const paddingRow = prefixLength + text.branches.shape[0];
  const packedLength = (c: number) => (c < paddedClasses ? contextLength - prefixLength : text.lengths[c]!);
  const classes = text.lengths.map((_, c) => c).sort((a, b) => packedLength(a) - packedLength(b) || a - b);
  const branchStart: number[] = [];
  text.lengths.reduce((row, length, c) => ((branchStart[c] = row), row + length), prefixLength);

  const groups: { start: number; count: number; length: number; causal: boolean; seesPrefix: boolean }[] = [
    { start: 0, count: 1, length: prefixLength, causal: true, seesPrefix: false },
  ];
  const source = Array.from({ length: prefixLength }, (_, i) => i);
  const position = [...source];
  const firstRow: number[] = [];
  const rank: number[] = [];
  classes.forEach((c, place) => {
    const length = packedLength(c);
    const group = groups.at(-1)!;
    if (groups.length > 1 && group.length === length) group.count++;
    else groups.push({ start: source.length, count: 1, length, causal: true, seesPrefix: true });
    firstRow[c] = source.length;
    rank[c] = place;
    for (let i = 0; i < length; i++) {
      source.push(i < text.lengths[c]! ? branchStart[c]! + i : paddingRow);
      position.push(prefixLength + i);
    }
  });
  return { groups, source, position, lengths: text.lengths.map((_, c) => packedLength(c)), firstRow, rank };
}
