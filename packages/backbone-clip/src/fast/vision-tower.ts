import * as tf from '@tensorflow/tfjs-core';
import { layerNorm, type Prompts } from '@promptweave/core';
import type { ClipModel } from '../clip-model.js';
import { embedPatches } from '../plain/vision-tower.js';
import type { FoldedBlock } from './folded-weights.js';
import { frozenBlock } from './frozen-block.js';
import { readBlock } from './read-block.js';
import { pickRows } from './rows.js';

/**
 * The vision tower with frozen blocks. Of the last block only the class token's row is computed, unless hidden states are
 * pushed to `trace`, [B, L, V]. Same values as the plain one.
 */
export function encodeImagesFast(
  model: ClipModel<FoldedBlock>,
  images: tf.Tensor4D,
  prompts: Prompts | undefined,
  recompute: boolean,
  trace?: tf.Tensor3D[],
): tf.Tensor2D {
  const { tensors, shape } = model;
  const { width } = shape.vision;
  const embedded = embedPatches(model, images); // [B, 1 + P, V]
  trace?.push(embedded);
  const [batch, promptStart] = embedded.shape;
  const length = promptStart + (prompts?.shallow?.shape[0] ?? 0);
  const sequences = prompts?.shallow
    ? (tf.concat([embedded, tf.tile(tf.expandDims(prompts.shallow, 0), [batch, 1, 1])], 1) as tf.Tensor3D)
    : embedded;
  const { blocks, lnPre, lnPost, projection } = tensors.vision;
  const unpacked = (rows: tf.Tensor2D): tf.Tensor3D => tf.reshape(rows, [batch, length, width]);
  let x = layerNorm(tf.reshape(sequences, [batch * length, width]), lnPre.weight, lnPre.bias); // [B · L, V]
  trace?.push(unpacked(x));
  const group = { start: 0, count: batch, length };
  const sequenceNumbers = Array.from({ length: batch }, (_, i) => i);
  const read = { rows: sequenceNumbers.map((i) => i * length), perSequence: 1, places: sequenceNumbers };
  blocks.forEach((weights, i) => {
    const deep = i > 0 ? prompts?.deep[i - 1] : undefined;
    const prompt = deep && { rows: deep, at: promptStart };
    const isRead = i === blocks.length - 1 && !trace;
    const input = x;
    x = isRead ? readBlock(x, weights, [group], read, prompt) : frozenBlock(x, weights, [group], { recompute, prompt });
    if (!trace) input.dispose(); // the tape has what it needs of it
    trace?.push(unpacked(x));
  });
  const classTokens = trace ? pickRows(x, read.rows) : x; // [B, V]
  return tf.matMul(layerNorm(classTokens, lnPost.weight, lnPost.bias), projection);
}
