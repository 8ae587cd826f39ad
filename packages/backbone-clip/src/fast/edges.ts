import {
  differentiableProgram,
  layerNorm,
  program,
  type AffineTuning,
  type NamedTensors,
  type PromptedText,
} from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ClipModel } from '../clip-model.js';
import type { LayerNormWeights } from '../clip-weights.js';
import { tunedNorm } from '../plain/block.js';
import { rowsOfPrompts } from '../plain/text-tower.js';
import { embedPatches } from '../plain/vision-tower.js';
import { identity } from './identity.js';
import { pickRows } from './rows.js';
import type { TextLayout } from './text-layout.js';

/** A layer norm before or after all blocks, as a program where nothing is tuned in it. */
export function edgeNorm(x: tf.Tensor2D, norm: LayerNormWeights, tuning?: AffineTuning): tf.Tensor2D {
  if (tuning) return tunedNorm(x, norm, tuning);
  const { weight, bias, epsilon } = norm;
  const compute = (given: NamedTensors): [tf.Tensor2D] => [
    layerNorm(given.x as tf.Tensor2D, given.weight as tf.Tensor1D, given.bias as tf.Tensor1D, epsilon),
  ];
  return differentiableProgram(`layer norm ${epsilon}`, { x }, compute, { weight, bias })[0];
}

/** The patches of images with class token and positions, as a program; [B, 1 + P, V]. */
export function embedded(model: ClipModel<unknown>, images: tf.Tensor4D): tf.Tensor3D {
  const { imageSize, patchSize, width } = model.shape.vision;
  const { patches, patchBias, classToken, positions } = model.tensors.vision;
  const frozen = [patches, patchBias, classToken, positions].filter((tensor) => tensor !== undefined);
  const key = `patches ${[imageSize, patchSize, width, patchBias !== undefined, classToken !== undefined]}`;
  return program(key, [images, ...frozen], () => tf.tidy(() => [embedPatches(model, images)]))[0]!;
}

/** Sequences [B, L, V] with the same rows [n, V] at the end of each. */
export function appended(sequences: tf.Tensor3D, rows: tf.Tensor2D): tf.Tensor3D {
  const append = (given: NamedTensors): [tf.Tensor3D] => {
    const added = tf.tile(tf.expandDims(given.rows!, 0), [sequences.shape[0], 1, 1]);
    return [tf.concat([given.sequences!, added], 1) as tf.Tensor3D];
  };
  return differentiableProgram('rows at the end', { sequences, rows }, append)[0];
}

/** Packed rows of prompts, with positions; [N, T]. */
export function enteringText(model: ClipModel<unknown>, text: PromptedText, layout: TextLayout): tf.Tensor2D {
  const { positions } = model.tensors.text;
  const { prefix, branches } = text;
  const padding = model.embedTokens([model.padId]);
  const place = (given: NamedTensors): [tf.Tensor2D] => {
    const all = rowsOfPrompts(given.padding as tf.Tensor2D, given as unknown as PromptedText);
    return [tf.add(pickRows(all, layout.source), pickRows(given.positions as tf.Tensor2D, layout.position))];
  };
  const key = `entering text ${identity(layout)}`;
  return differentiableProgram(key, { prefix, branches }, place, { padding, positions })[0];
}
