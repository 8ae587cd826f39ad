import * as tf from '@tensorflow/tfjs-core';
import { layerNorm, type Prompts } from '@promptweave/core';
import type { ClipModel } from '../clip-model.js';
import { block } from './block.js';
import { replaceRows } from './text-tower.js';

/** The vision tower as published, with vision prompts after the patches. Hidden states are pushed to `trace`, [B, L, V]. */
export function encodeImagesPlainly(
  model: ClipModel,
  images: tf.Tensor4D,
  prompts?: Prompts,
  trace?: tf.Tensor3D[],
): tf.Tensor2D {
  const { tensors, shape, activation } = model;
  const { heads, width } = shape.vision;
  let x = embedPatches(model, images); // [B, 1 + P, V]
  trace?.push(x);
  const batch = x.shape[0];
  const promptStart = x.shape[1];
  if (prompts?.shallow) {
    const shallow = tf.tile(tf.expandDims(prompts.shallow, 0), [batch, 1, 1]) as tf.Tensor3D;
    x = tf.concat([x, shallow], 1); // [B, 1 + P + n, V]
  }
  const { lnPre, lnPost, projection } = tensors.vision;
  const length = x.shape[1];
  x = tf.reshape(layerNorm(tf.reshape(x, [batch * length, width]), lnPre.weight, lnPre.bias), [batch, length, width]);
  trace?.push(x);
  tensors.vision.blocks.forEach((weights, i) => {
    const deep = i > 0 ? prompts?.deep[i - 1] : undefined;
    if (deep) x = replaceRows(x, promptStart, deep);
    x = block(x, weights, heads, activation);
    trace?.push(x);
  });
  const classToken = tf.reshape(tf.slice(x, [0, 0, 0], [batch, 1, width]), [batch, width]) as tf.Tensor2D;
  return tf.matMul(layerNorm(classToken, lnPost.weight, lnPost.bias), projection);
}

/** Class token and patch embeddings with their positions, [B, 1 + P, V], of images [B, 3, size, size]. */
export function embedPatches(model: ClipModel<unknown>, images: tf.Tensor4D): tf.Tensor3D {
  const { imageSize, patchSize, width } = model.shape.vision;
  const { patches, classToken, positions } = model.tensors.vision;
  const batch = images.shape[0];
  const grid = Math.floor(imageSize / patchSize);
  const covered = tf.slice(images, [0, 0, 0, 0], [-1, -1, grid * patchSize, grid * patchSize]);
  const cut = tf.reshape(covered, [batch, 3, grid, patchSize, grid, patchSize]);
  const ordered = tf.transpose(cut, [0, 2, 4, 1, 3, 5]); // [B, grid, grid, 3, patch, patch]
  const rows = tf.reshape(ordered, [batch * grid * grid, 3 * patchSize * patchSize]) as tf.Tensor2D;
  const embedded = tf.reshape(tf.matMul(rows, patches), [batch, grid * grid, width]) as tf.Tensor3D;
  const classTokens = tf.tile(tf.expandDims(classToken, 0), [batch, 1, 1]) as tf.Tensor3D;
  return tf.add(tf.concat([classTokens, embedded], 1), tf.expandDims(positions, 0));
}
