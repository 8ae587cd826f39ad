import * as tf from '@tensorflow/tfjs-core';
import type { PromptedText, TextEncoding, TokenPosition, TowerTuning } from '@promptweave/core';
import { seesAll } from '../clip-form.js';
import type { ClipModel } from '../clip-model.js';
import { insertedId, PADDING_ID } from '../row-ids.js';
import type { TextTowerRequest } from '../tower-request.js';
import { block, tunedNorm } from './block.js';

/** The text tower as published: every class is a dense row of the whole context length, padding included, causal or not. */
export function encodeTextPlainly(model: ClipModel, text: PromptedText, request: TextTowerRequest): TextEncoding {
  const { tensors, shape, activation, startRows } = model;
  const { contextLength, width, heads, layers } = shape.text;
  const { tuning, keepLast = 0, blocks = Array.from({ length: layers }, (_, i) => i) } = request;
  const { inserted, ofClasses } = text;
  const classes = text.lengths.length;
  const shift = inserted?.rows[0]!.shape[0] ?? 0; // of all positions but the first, once rows are inserted
  const idsBefore = denseIds(text, contextLength, request.firstBranchRow);
  const idsAfter = withInsertedIds(idsBefore, contextLength, shift, startRows);

  const embedded = denseEmbeddings(model, text, request, idsBefore); // [C, L, T]
  let x: tf.Tensor3D = tf.add(embedded, tf.expandDims(tensors.text.positions, 0));
  let after = 0; // rows that were inserted so far
  const kept: { readonly x: tf.Tensor3D; readonly after: number }[] = [];
  blocks.forEach((index, step) => {
    if (inserted && step >= inserted.block) {
      const rows = inserted.rows[step - inserted.block];
      if (step === inserted.block) x = insertRows(x, startRows, rows!);
      else if (rows) x = replaceRows(x, startRows, rows);
      after = shift;
    }
    const deep = step > 0 ? text.deep[step - 1] : undefined;
    if (deep) x = replaceRows(x, startRows + after, deep);
    if (step > 0 && step === ofClasses?.block) x = replaceRows(x, startRows + after, ofClasses.rows);
    const ofBlock = tuning?.blocks[index];
    const tuned = ofBlock && { tuning: ofBlock, ids: after > 0 ? idsAfter : idsBefore };
    const mask = seesAll(shape) ? undefined : causalMask(x.shape[1]);
    x = block(x, tensors.text.blocks[index]!, heads, activation, mask, tuned);
    if (step >= blocks.length - keepLast) kept.push({ x, after });
  });

  const rowsAt = (states: tf.Tensor3D, shifted: number, positions: readonly TokenPosition[]): tf.Tensor2D => {
    const length = states.shape[1];
    const numbers = positions.map(
      ({ class: c, position }) => c * length + (position < startRows ? position : position + shifted),
    );
    const rows: tf.Tensor2D = tf.reshape(states, [classes * length, width]);
    return tf.gather(rows, tf.tensor1d(numbers, 'int32'));
  };
  const ends = text.roles.map(({ end }, c) => ({ class: c, position: end }));
  const last = rowsAt(x, after, ends); // [C, T]
  return {
    features: textFeatures(model, last, tuning),
    kept: kept.length,
    rows: (step, positions) => rowsAt(kept[step]!.x, kept[step]!.after, positions),
  };
}

/** Features of the rows that texts are read at, [C, E]. */
export function textFeatures(
  { tensors }: ClipModel<unknown>,
  rows: tf.Tensor2D,
  tuning?: TowerTuning,
  norm = tunedNorm,
): tf.Tensor2D {
  const { lnFinal, projection, projectionBias } = tensors.text;
  const features: tf.Tensor2D = tf.matMul(norm(rows, lnFinal, tuning?.lnPost), projection);
  return projectionBias ? tf.add<tf.Tensor2D>(features, projectionBias) : features;
}

/** The rows of all prompts, [prefix; branches; padding], without positions. */
export function rowsOfPrompts(
  padding: tf.Tensor2D,
  { prefix, branches }: Pick<PromptedText, 'prefix' | 'branches'>,
): tf.Tensor2D {
  return tf.concat(prefix.shape[0] === 0 ? [branches, padding] : [prefix, branches, padding], 0);
}

/** Prefix, branch and padding rows of every class, without positions, [C, context length, T]. */
export function denseEmbeddings(
  model: ClipModel,
  text: PromptedText,
  { tuning }: TextTowerRequest,
  ids: Int32Array,
): tf.Tensor3D {
  const { contextLength, width } = model.shape.text;
  const index = denseIds(text, contextLength);
  const all = rowsOfPrompts(model.embedTokens([model.padId]), text);
  const paddingRow = all.shape[0] - 1;
  const numbers = index.map((id) => (id === PADDING_ID ? paddingRow : id));
  let rows: tf.Tensor2D = tf.gather(all, tf.tensor1d(numbers, 'int32'));
  if (tuning?.input) rows = tf.add(rows, tuning.input.apply(rows, tuning.input.variables, ids));
  return tf.reshape(rows, [text.lengths.length, contextLength, width]);
}

/**
 * Ids of the rows of every class, [C · context length].
 * @param firstBranchRow number of the first branch row among those of all classes
 */
function denseIds(text: PromptedText, contextLength: number, firstBranchRow = 0): Int32Array {
  const prefixLength = text.prefix.shape[0];
  const ids = new Int32Array(text.lengths.length * contextLength).fill(PADDING_ID);
  let next = prefixLength + firstBranchRow;
  text.lengths.forEach((length, c) => {
    for (let position = 0; position < prefixLength + length; position++) {
      ids[c * contextLength + position] = position < prefixLength ? position : next++;
    }
  });
  return ids;
}

/** The ids of sequences of which each has `count` rows more from position `at` on. */
function withInsertedIds(ids: Int32Array, length: number, count: number, at: number): Int32Array {
  const inserted = Array.from({ length: count }, (_, i) => insertedId(i));
  const sequences = Array.from({ length: ids.length / length }, (_, c) => {
    const own = ids.subarray(c * length, (c + 1) * length);
    return [...own.subarray(0, at), ...inserted, ...own.subarray(at)];
  });
  return Int32Array.from(sequences.flat());
}

/** x with n rows more from position `at` on, in every sequence; x [N, L, W], rows [n, W]. */
export function insertRows(x: tf.Tensor3D, at: number, rows: tf.Tensor2D): tf.Tensor3D {
  return spliceRows(x, at, 0, rows);
}

/** x with rows `first`…`first + n − 1` of every sequence replaced by the same n rows, [n, W], or by rows of its own, [N, n, W]; x [N, L, W]. */
export function replaceRows(x: tf.Tensor3D, first: number, rows: tf.Tensor2D | tf.Tensor3D): tf.Tensor3D {
  return spliceRows(x, first, rows.shape[rows.rank - 2]!, rows);
}

function spliceRows(x: tf.Tensor3D, at: number, gone: number, rows: tf.Tensor2D | tf.Tensor3D): tf.Tensor3D {
  const [n, length, width] = x.shape;
  const ofEach = rows.rank === 3 ? (rows as tf.Tensor3D) : (tf.tile(tf.expandDims(rows, 0), [n, 1, 1]) as tf.Tensor3D);
  const parts = [tf.slice(x, [0, 0, 0], [n, at, width]), ofEach];
  const after = length - at - gone;
  if (after > 0) parts.push(tf.slice(x, [0, at + gone, 0], [n, after, width]));
  return tf.concat(parts, 1);
}

/** 0 where position i may see position j ≤ i, −∞ (as −1e9) elsewhere, [L, L]. */
export function causalMask(length: number): tf.Tensor2D {
  const values = new Float32Array(length * length);
  for (let i = 0; i < length; i++) values.fill(-1e9, i * length + i + 1, (i + 1) * length);
  return tf.tensor2d(values, [length, length]);
}
