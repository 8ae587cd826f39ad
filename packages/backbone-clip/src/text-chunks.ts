import * as tf from '@tensorflow/tfjs-core';
import type { BackboneShape, PromptedText, TextEncoding, TextRequest, TokenPosition } from '@promptweave/core';
import { checkpointed } from './checkpointed.js';

type Encode = (text: PromptedText, request: TextRequest) => TextEncoding;

/**
 * Encodes some classes at a time, each chunk with the prefix of its own. Only prompts and outcomes of a chunk stay; the backward
 * pass encodes it again. Same numbers as all classes at once: no class sees another.
 */
export function encodeInChunks(
  encode: Encode,
  text: PromptedText,
  request: TextRequest,
  { text: tower, embedding }: BackboneShape,
  classesPerChunk: number,
): TextEncoding {
  const { width, contextLength } = tower;
  const steps = request.blocks?.length ?? tower.layers;
  const keepLast = request.keepLast ?? 0;
  const prefixLength = text.prefix.shape[0];
  const padded = keepLast > 0 ? (request.paddedClasses ?? 0) : 0;
  const branchRows = (c: number): number => (c < padded ? contextLength - prefixLength : text.lengths[c]!);
  const features: tf.Tensor2D[] = [];
  const states: tf.Tensor2D[][] = Array.from({ length: keepLast }, () => []); // of each kept step, one [rows, T] a chunk
  const firstRow: number[] = []; // of each class's branch in the states of all chunks
  let row = 0;
  let stateRow = 0;
  for (let first = 0; first < text.lengths.length; first += classesPerChunk) {
    const lengths = text.lengths.slice(first, first + classesPerChunk);
    const count = lengths.length;
    const rows = lengths.reduce((total, length) => total + length, 0);
    const positions: TokenPosition[] = range(0, prefixLength).map((position) => ({ class: 0, position }));
    stateRow += prefixLength;
    for (let c = 0; c < count; c++) {
      const own = branchRows(first + c);
      positions.push(...range(prefixLength, own).map((position) => ({ class: c, position })));
      firstRow.push(stateRow);
      stateRow += own;
    }
    const ofChunk = {
      lengths,
      roles: text.roles.slice(first, first + count),
    };
    const ownRequest = { ...request, paddedClasses: Math.min(Math.max(padded - first, 0), count) };
    const outcome = checkpointed(
      (prefix, branches, ...deep) => {
        const prompts = { ...ofChunk, prefix, branches, deep } as PromptedText;
        const encoding = encode(prompts, ownRequest);
        const kept = range(0, keepLast).map((step) => encoding.rows(step, positions));
        return tf.concat([encoding.features, ...kept].map((values) => tf.reshape(values, [values.size])));
      },
      [text.prefix, tf.slice(text.branches, [row, 0], [rows, -1]), ...text.deep.slice(0, steps - 1)],
    );
    row += rows;
    features.push(tf.reshape(tf.slice(outcome, 0, count * embedding), [count, embedding]));
    states.forEach((chunks, step) => {
      const size = positions.length * width;
      chunks.push(tf.reshape(tf.slice(outcome, count * embedding + step * size, size), [positions.length, width]));
    });
  }
  const joined = states.map((chunks) => tf.concat(chunks, 0));
  const rowOf = ({ class: c, position }: TokenPosition): number => {
    const inBranch = position - prefixLength;
    if (inBranch >= branchRows(c)) {
      throw new RangeError(`Class ${c} has no row at position ${position}: padding was not asked for.`);
    }
    return inBranch < 0 ? position : firstRow[c]! + inBranch;
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
