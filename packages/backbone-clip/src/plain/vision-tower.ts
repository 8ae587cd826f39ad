import * as tf from '@tensorflow/tfjs-core';
import type { ImageRequest, Prompts } from '@promptweave/core';
import { poolByAttention } from '../attention-pool.js';
import type { ClipModel } from '../clip-model.js';
import { block, tunedNorm } from './block.js';
import { insertRows, replaceRows } from './text-tower.js';

/**
 * The vision tower as published, with vision prompts after the patches or inserted after the class token. The feature is the class token's, or
 * what a pooling head makes of the rows.
 */
export function encodeImagesPlainly(
  model: ClipModel,
  images: tf.Tensor4D,
  prompts: Prompts = { deep: [] },
  { trace, promptRows, tuning }: ImageRequest = {},
): tf.Tensor2D {
  const { tensors, shape, activation } = model;
  const { heads, width } = shape.vision;
  const { shallow, deep, inserted } = prompts;
  let x = embedPatches(model, images); // [B, 1 + P, V]; P rows without a class token
  trace?.push(x);
  const batch = x.shape[0];
  const promptStart = x.shape[1];
  const n = (inserted?.rows[0] ?? shallow)?.shape[0] ?? 0;
  if (shallow && !inserted) x = insertRows(x, promptStart, shallow); // [B, 1 + P + n, V]
  const { lnPre, lnPost, pooling } = tensors.vision;
  const flat = (states: tf.Tensor3D): tf.Tensor2D => tf.reshape(states, [-1, width]);
  let rows = lnPre ? tunedNorm(flat(x), lnPre, tuning?.lnPre) : flat(x);
  const idsBefore = imageIds(
    batch,
    promptStart + n,
    Array.from({ length: x.shape[1] }, (_, i) => i),
  );
  if (tuning?.input) rows = tf.add(rows, tuning.input.apply(rows, tuning.input.variables, idsBefore));
  x = tf.reshape(rows, x.shape);
  trace?.push(x);
  // Inserted rows have the ids that they would have after the patches.
  const order = [0, ...range(promptStart, n), ...range(1, promptStart - 1)];
  const idsAfter = imageIds(batch, promptStart + n, order);
  tensors.vision.blocks.forEach((weights, i) => {
    const replaced = i > 0 && !inserted ? deep[i - 1] : undefined;
    if (replaced) x = replaceRows(x, promptStart, replaced);
    const entering = inserted?.rows[i - inserted.block];
    if (entering) x = i === inserted!.block ? insertRows(x, 1, entering) : replaceRows(x, 1, entering);
    const ofBlock = tuning?.blocks[i];
    const isInserted = inserted !== undefined && i >= inserted.block;
    const tuned = ofBlock && { tuning: ofBlock, ids: isInserted ? idsAfter : idsBefore };
    x = block(x, weights, heads, activation, undefined, tuned, model.rotation?.(x.shape[1])());
    trace?.push(x);
  });
  const final = (first: number, count: number): tf.Tensor2D =>
    tunedNorm(flat(tf.slice(x, [0, first, 0], [batch, count, width])), lnPost, tuning?.lnPost);
  if (n > 0) promptRows?.push(tf.reshape(final(inserted ? 1 : promptStart, n), [batch, n, width]));
  if (!pooling) return projected(model, final(0, 1));
  const read = model.pooled === 'all' ? x.shape[1] : promptStart;
  return projected(model, poolByAttention(tf.reshape(final(0, read), [batch, read, width]), pooling, activation));
}

/** Rows in the common space, [B, E]; as they are where the tower ends without a projection. */
export function projected({ tensors }: ClipModel<unknown>, rows: tf.Tensor2D): tf.Tensor2D {
  const { projection } = tensors.vision;
  return projection ? tf.matMul(rows, projection) : rows;
}

/** Ids of the rows of all images; `positions` are those of the rows of one. */
function imageIds(batch: number, length: number, positions: readonly number[]): Int32Array {
  return Int32Array.from(range(0, batch).flatMap((image) => positions.map((position) => image * length + position)));
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** Class token, if there is one, and patch embeddings with their positions, [B, 1 + P, V], of images [B, 3, size, size]. */
export function embedPatches(model: ClipModel<unknown>, images: tf.Tensor4D): tf.Tensor3D {
  const { imageSize, patchSize, width } = model.shape.vision;
  const { patches, patchBias, classToken, positions } = model.tensors.vision;
  const batch = images.shape[0];
  const grid = Math.floor(imageSize / patchSize);
  const covered = tf.slice(images, [0, 0, 0, 0], [-1, -1, grid * patchSize, grid * patchSize]);
  const cut = tf.reshape(covered, [batch, 3, grid, patchSize, grid, patchSize]);
  const ordered = tf.transpose(cut, [0, 2, 4, 1, 3, 5]); // [B, grid, grid, 3, patch, patch]
  const rows = tf.reshape(ordered, [batch * grid * grid, 3 * patchSize * patchSize]) as tf.Tensor2D;
  const product = tf.matMul(rows, patches);
  const biased = patchBias ? tf.add(product, patchBias) : product;
  const embedded = tf.reshape(biased, [batch, grid * grid, width]) as tf.Tensor3D;
  if (!classToken) return tf.add(embedded, tf.expandDims(positions, 0));
  const classTokens = tf.tile(tf.expandDims(classToken, 0), [batch, 1, 1]) as tf.Tensor3D;
  return tf.add(tf.concat([classTokens, embedded], 1), tf.expandDims(positions, 0));
}
