import * as tf from '@tensorflow/tfjs-core';
import type { PromptedText, TextEncoding, TextRequest, TokenPosition } from '@promptweave/core';
import { seesAll } from './clip-form.js';
import type { ClipModel } from './clip-model.js';
import { checkpointed } from './checkpointed.js';
import type { TextTowerRequest } from './tower-request.js';
import { tensorsOfTower, towerWith } from './tuned-tensors.js';

type Encode = (text: PromptedText, request: TextTowerRequest) => TextEncoding;

/**
 * Encodes some classes at a time, each chunk with the prefix of its own. Only prompts and outcomes of a chunk stay; the backward
 * pass encodes it again. Same numbers as all classes at once: no class sees another.
 */
export function encodeInChunks(
  encode: Encode,
  text: PromptedText,
  request: TextRequest,
  { shape, startRows }: Pick<ClipModel<unknown>, 'shape' | 'startRows'>,
  classesPerChunk: number,
): TextEncoding {
  const { text: tower, embedding } = shape;
  const { width, contextLength } = tower;
  const whole = seesAll(shape);
  const blocks = request.blocks ?? range(0, tower.layers);
  const { tuning, constantRows } = request;
  const keepLast = request.keepLast ?? 0;
  const prefixLength = text.prefix.shape[0];
  const padded = keepLast > 0 ? (request.paddedClasses ?? 0) : 0;
  const shared = whole ? 0 : text.ofClasses ? startRows : prefixLength; // positions of which all classes have the same states
  const ownRowsOf = (c: number): number =>
    (whole || c < padded ? contextLength : prefixLength + text.lengths[c]!) - shared;
  const features: tf.Tensor2D[] = [];
  const states: tf.Tensor2D[][] = Array.from({ length: keepLast }, () => []); // of each kept step, one [rows, T] a chunk
  const firstRow: number[] = []; // of each class's own in the states of all chunks
  let row = 0;
  let stateRow = 0;
  for (let first = 0; first < text.lengths.length; first += classesPerChunk) {
    const lengths = text.lengths.slice(first, first + classesPerChunk);
    const count = lengths.length;
    const rows = lengths.reduce((total, length) => total + length, 0);
    const firstBranchRow = row;
    const positions: TokenPosition[] = range(0, shared).map((position) => ({ class: 0, position }));
    stateRow += shared;
    for (let c = 0; c < count; c++) {
      const own = ownRowsOf(first + c);
      positions.push(...range(shared, own).map((position) => ({ class: c, position })));
      firstRow.push(stateRow);
      stateRow += own;
    }
    const ofChunk = {
      lengths,
      roles: text.roles.slice(first, first + count),
    };
    const ownBranches: tf.Tensor2D = tf.slice(text.branches, [row, 0], [rows, -1]);
    const ownRows = prefixLength === 0 ? [ownBranches] : [text.prefix, ownBranches];
    const ofClasses = text.ofClasses && tf.slice(text.ofClasses.rows, [first, 0, 0], [count, -1, -1]);
    const deep = text.deep.slice(0, blocks.length - 1);
    const entering = [...deep, ...(text.inserted?.rows ?? []), ...(ofClasses ? [ofClasses] : [])];
    const tuned = tuning ? tensorsOfTower(tuning, blocks) : [];
    const compute = (...given: tf.Tensor[]): tf.Tensor => {
      const take = (number: number): tf.Tensor[] => given.splice(0, number);
      const constant = constantRows ? given.splice(-ownRows.length) : take(ownRows.length);
      const [prefix, branches] = prefixLength === 0 ? [text.prefix, constant[0]] : constant;
      const prompts = {
        ...{ ...ofChunk, prefix, branches, deep: take(deep.length) },
        ...(text.inserted && { inserted: { ...text.inserted, rows: take(text.inserted.rows.length) } }),
        ...(text.ofClasses && { ofClasses: { ...text.ofClasses, rows: take(1)[0] } }),
      } as PromptedText;
      const encoding = encode(prompts, {
        ...request,
        ...(tuning && { tuning: towerWith(tuning, blocks, take(tuned.length)) }),
        paddedClasses: Math.min(Math.max(padded - first, 0), count),
        firstBranchRow,
      });
      const kept = range(0, keepLast).map((step) => encoding.rows(step, positions));
      return tf.concat([encoding.features, ...kept].map((values) => tf.reshape(values, [values.size])));
    };
    const learned = [...entering, ...tuned];
    const outcome = constantRows
      ? checkpointed(compute, learned, ownRows)
      : checkpointed(compute, [...ownRows, ...learned]);
    row += rows;
    features.push(tf.reshape(tf.slice(outcome, 0, count * embedding), [count, embedding]));
    states.forEach((chunks, step) => {
      const size = positions.length * width;
      chunks.push(tf.reshape(tf.slice(outcome, count * embedding + step * size, size), [positions.length, width]));
    });
  }
  const joined = states.map((chunks) => tf.concat(chunks, 0));
  const rowOf = ({ class: c, position }: TokenPosition): number => {
    const own = position - shared;
    if (own >= ownRowsOf(c)) {
      throw new RangeError(`Class ${c} has no row at position ${position}: padding was not asked for.`);
    }
    return own < 0 ? position : firstRow[c]! + own;
  };
  return {
    features: tf.concat(features, 0),
    kept: keepLast,
    rows: (step, positions) => tf.gather(joined[step]!, tf.tensor1d(positions.map(rowOf), 'int32')),
  };
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}
