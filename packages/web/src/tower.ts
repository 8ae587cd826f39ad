import * as tf from '@tensorflow/tfjs-core';
import { block, layerNorm, type BlockSetting, type Weights } from './block.js';
import type { ModelDescription } from './model-description.js';
import { runProgram } from './program.js';

/** What the image tower gives. */
export interface TowerOutcome {
  /** Before normalisation, [B, E]. */
  readonly features: tf.Tensor2D;
  /** Final states of the prompts after the last layer norm, [B, n, V]; absent without prompts. */
  readonly promptRows?: tf.Tensor3D;
}

/**
 * CLIP's image tower with its learned prompts. Call within `tf.tidy`.
 * @param images normalised, [B, 3, size, size]
 */
export function imageTower(model: ModelDescription, weights: Weights, images: tf.Tensor4D): TowerOutcome {
  const { vision, activation, programs, prompts } = model;
  const { width, layers, heads } = vision;
  const { inserted } = prompts;
  const batch = images.shape[0];
  const added: BlockSetting['added'] = (place, rows) => {
    const program = programs[place];
    return program && (runProgram(program, { rows }, weights) as tf.Tensor2D);
  };
  const flat = (x: tf.Tensor3D): tf.Tensor2D => tf.reshape(x, [-1, width]);
  const ofImages = (x: tf.Tensor2D): tf.Tensor3D => tf.reshape(x, [batch, -1, width]);
  const forAll = (rows: tf.Tensor): tf.Tensor3D => tf.tile(tf.reshape(rows, [1, -1, width]), [batch, 1, 1]);
  const prompt = (name: string): tf.Tensor3D => forAll(weights(`prompts.${name}`));

  const patches = embedPatches(model, weights, images);
  const [, entered] = patches.shape; // class token and patches
  const rows = prompts.shallow ? tf.concat([patches, prompt('shallow')], 1) : patches;
  let x = layerNorm(flat(rows), weights, 'visual.ln_pre');
  const first = added('input', x);
  if (first) x = tf.add(x, first);
  for (let i = 0; i < layers; i++) {
    if (i > 0 && i <= prompts.deep) {
      x = flat(tf.concat([tf.slice(ofImages(x), [0, 0, 0], [-1, entered, -1]), prompt(`deep.${i}`)], 1));
    }
    if (inserted && i >= inserted.block && i < inserted.block + inserted.count) {
      // Attention knows no order: they may stand at the end.
      const kept = tf.slice(ofImages(x), [0, 0, 0], [-1, entered, -1]);
      x = flat(tf.concat([kept, prompt(`inserted.${i - inserted.block}`)], 1));
    }
    x = block(x, i, batch, { heads, activation, weights, added });
  }
  const final = ofImages(layerNorm(x, weights, 'visual.ln_post'));
  const classRows: tf.Tensor2D = tf.reshape(tf.slice(final, [0, 0, 0], [-1, 1, -1]), [batch, width]);
  const features: tf.Tensor2D = tf.matMul(classRows, weights('visual.proj') as tf.Tensor2D);
  if (final.shape[1] === entered) return { features };
  return { features, promptRows: tf.slice(final, [0, entered, 0], [-1, -1, -1]) };
}

/** Class token and patches with their positions, [B, 1 + P, V]; pixels beyond the last whole patch are left out. */
function embedPatches({ vision }: ModelDescription, weights: Weights, images: tf.Tensor4D): tf.Tensor3D {
  const { imageSize, patchSize, width } = vision;
  const batch = images.shape[0];
  const grid = Math.floor(imageSize / patchSize);
  const covered = tf.slice(images, [0, 0, 0, 0], [-1, -1, grid * patchSize, grid * patchSize]);
  const cut = tf.reshape(covered, [batch * 3, grid, patchSize, grid * patchSize]);
  // Two steps of at most five dimensions, which all backends have: rows of patches, then columns.
  const columns = tf.reshape(cut, [batch, 3, grid, patchSize, grid * patchSize]);
  const byRow = tf.reshape(tf.transpose(columns, [0, 2, 1, 3, 4]), [batch * grid, 3 * patchSize, grid, patchSize]);
  const ordered = tf.reshape(tf.transpose(byRow, [0, 2, 1, 3]), [batch * grid * grid, 3 * patchSize * patchSize]);
  const kernel: tf.Tensor2D = tf.reshape(weights('visual.conv1.weight'), [width, -1]);
  const embedded = tf.reshape(tf.matMul(ordered as tf.Tensor2D, kernel, false, true), [batch, grid * grid, width]);
  const classToken = tf.tile(tf.reshape(weights('visual.class_embedding'), [1, 1, width]), [batch, 1, 1]);
  return tf.add(tf.concat([classToken, embedded], 1), weights('visual.positional_embedding'));
}
