import * as tf from '@tensorflow/tfjs-core';
import {
  layerNorm,
  type PromptedText,
  type TextEncoding,
  type TextRequest,
  type TokenPosition,
} from '@promptweave/core';
import type { ClipModel } from '../clip-model.js';
import { block } from './block.js';

/** The text tower as published: every class is a dense row of the whole context length, padding included. */
export function encodeTextPlainly(model: ClipModel, text: PromptedText, request: TextRequest): TextEncoding {
  const { tensors, shape, activation } = model;
  const { contextLength, width, heads, layers } = shape.text;
  const blocks = request.blocks ?? Array.from({ length: layers }, (_, i) => i);
  const keepLast = request.keepLast ?? 0;
  const classes = text.lengths.length;
  const mask = causalMask(contextLength);

  let x = tf.add(denseEmbeddings(model, text), tf.expandDims(tensors.text.positions, 0)) as tf.Tensor3D; // [C, L, T]
  const kept: tf.Tensor2D[] = [];
  blocks.forEach((index, step) => {
    const deep = step > 0 ? text.deep[step - 1] : undefined;
    if (deep) x = replaceRows(x, 1, deep);
    x = block(x, tensors.text.blocks[index]!, heads, activation, mask);
    if (step >= blocks.length - keepLast) kept.push(tf.reshape(x, [classes * contextLength, width]));
  });

  const rows = tf.reshape(x, [classes * contextLength, width]) as tf.Tensor2D;
  const ends = text.roles.map(({ end }, c) => c * contextLength + end);
  const last = tf.gather(rows, tf.tensor1d(ends, 'int32')); // [C, T]
  const { lnFinal, projection } = tensors.text;
  return {
    features: tf.matMul(layerNorm(last, lnFinal.weight, lnFinal.bias), projection),
    kept: kept.length,
    rows: (step: number, positions: readonly TokenPosition[]) =>
      tf.gather(
        kept[step]!,
        tf.tensor1d(
          positions.map((at) => at.class * contextLength + at.position),
          'int32',
        ),
      ),
  };
}

/** Prefix, branch and padding rows of every class, without positions, [C, context length, T]. */
export function denseEmbeddings(model: ClipModel, text: PromptedText): tf.Tensor3D {
  const { contextLength, width } = model.shape.text;
  const prefixLength = text.prefix.shape[0];
  const padding = model.embedTokens([0]);
  const all = tf.concat([text.prefix, text.branches, padding], 0);
  const paddingRow = all.shape[0] - 1;
  const index: number[] = [];
  let nextRow = prefixLength;
  for (const length of text.lengths) {
    for (let position = 0; position < contextLength; position++) {
      if (position < prefixLength) index.push(position);
      else if (position < prefixLength + length) index.push(nextRow++);
      else index.push(paddingRow);
    }
  }
  return tf.reshape(tf.gather(all, tf.tensor1d(index, 'int32')), [text.lengths.length, contextLength, width]);
}

/** x with rows `first`…`first + n − 1` of every sequence replaced by the same n rows; x [N, L, W], rows [n, W]. */
export function replaceRows(x: tf.Tensor3D, first: number, rows: tf.Tensor2D): tf.Tensor3D {
  const [n, length, width] = x.shape;
  const count = rows.shape[0];
  const tiled = tf.tile(tf.expandDims(rows, 0), [n, 1, 1]) as tf.Tensor3D;
  const parts = [tf.slice(x, [0, 0, 0], [n, first, width]), tiled];
  const after = length - first - count;
  if (after > 0) parts.push(tf.slice(x, [0, first + count, 0], [n, after, width]));
  return tf.concat(parts, 1);
}

/** 0 where position i may see position j ≤ i, −∞ (as −1e9) elsewhere, [L, L]. */
export function causalMask(length: number): tf.Tensor2D {
  const values = new Float32Array(length * length);
  for (let i = 0; i < length; i++) values.fill(-1e9, i * length + i + 1, (i + 1) * length);
  return tf.tensor2d(values, [length, length]);
}
