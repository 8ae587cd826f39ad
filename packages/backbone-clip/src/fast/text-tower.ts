import * as tf from '@tensorflow/tfjs-core';
import { layerNorm, type PromptedText, type TextEncoding, type TextRequest } from '@promptweave/core';
import type { ClipModel } from '../clip-model.js';
import type { FoldedBlock } from './folded-weights.js';
import { frozenBlock } from './frozen-block.js';
import { readBlock } from './read-block.js';
import { pickRows } from './rows.js';
import { tileText } from './text-layout.js';

/**
 * The text tower over packed rows: the prefix once for all classes, then the branches, several classes to a tile. No row after
 * the end of text, unless padding is asked for. Exact: the mask is causal, and no class sees another.
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
  const layout = tileText(text, shape.text.contextLength, keepLast > 0 ? (request.paddedClasses ?? 0) : 0);

  const all = tf.concat([text.prefix, text.branches, model.embedTokens([0])], 0);
  const positions = pickRows(tensors.text.positions, layout.position);
  let x: tf.Tensor2D = tf.add(pickRows(all, layout.source), positions); // [N, T]
  const kept: tf.Tensor2D[] = [];
  const ends = text.roles.map(({ end }, c) => layout.rowOf({ class: c, position: end }));
  blocks.forEach((index, step) => {
    const weights = tensors.text.blocks[index]!;
    const deep = step > 0 ? text.deep[step - 1] : undefined;
    const prompt = deep && { rows: deep, at: 1 };
    const isRead = step === blocks.length - 1 && keepLast === 0;
    const input = x;
    x = isRead
      ? readBlock(x, weights, layout.groups, layout.read(ends), prompt)
      : frozenBlock(x, weights, layout.groups, { recompute, prompt });
    if (!kept.includes(input)) input.dispose(); // the tape has what it needs of it
    if (step >= blocks.length - keepLast) kept.push(x);
  });

  const read = keepLast === 0 ? x : pickRows(x, ends); // [C, T]
  const { lnFinal, projection } = tensors.text;
  return {
    features: tf.matMul(layerNorm(read, lnFinal.weight, lnFinal.bias), projection),
    kept: kept.length,
    rows: (step, positions) => pickRows(kept[step]!, positions.map(layout.rowOf)),
  };
}
