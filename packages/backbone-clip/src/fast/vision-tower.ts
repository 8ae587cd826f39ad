import * as tf from '@tensorflow/tfjs-core';
import { layerNorm, type Prompts } from '@promptweave/core';
import type { ClipModel } from '../clip-model.js';
import { replaceRows } from '../plain/text-tower.js';
import { embedPatches } from '../plain/vision-tower.js';
import type { FoldedBlock } from './folded-weights.js';
import { frozenBlock } from './frozen-block.js';
import { readBlock } from './read-block.js';

/** The vision tower with frozen blocks; of the last block only the class token's row is computed. Same values as the plain one. */
export function encodeImagesFast(
  model: ClipModel,
  folded: readonly FoldedBlock[],
  images: tf.Tensor4D,
  prompts: Prompts | undefined,
  recompute: boolean,
): tf.Tensor2D {
  const { tensors, shape, activation } = model;
  const { width } = shape.vision;
  const embedded = embedPatches(model, images); // [B, 1 + P, V]
  const [batch, promptStart] = embedded.shape;
  const n = prompts?.shallow.shape[0] ?? 0;
  const length = promptStart + n;
  const sequences = prompts
    ? (tf.concat([embedded, tf.tile(tf.expandDims(prompts.shallow, 0), [batch, 1, 1])], 1) as tf.Tensor3D)
    : embedded;
  const { lnPre, lnPost, projection } = tensors.vision;
  let x = layerNorm(tf.reshape(sequences, [batch * length, width]), lnPre.weight, lnPre.bias);
  const group = { start: 0, count: batch, length, causal: false, seesPrefix: false };
  folded.forEach((weights, i) => {
    const deep = i > 0 ? prompts?.deep[i - 1] : undefined;
    if (deep) {
      const replaced = replaceRows(tf.reshape(x, [batch, length, width]), promptStart, deep);
      x = tf.reshape(replaced, [batch * length, width]);
    }
    if (i < folded.length - 1) x = frozenBlock(x, weights, [group], activation, recompute);
    else x = readBlock(x, weights, undefined, [group], 'first', activation);
  });
  return tf.matMul(layerNorm(x, lnPost.weight, lnPost.bias), projection);
}
