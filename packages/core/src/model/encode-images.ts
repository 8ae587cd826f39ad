import type * as tf from '@tensorflow/tfjs-core';
import type { Prompts } from '../contracts/prompts.js';
import type { TowerTuning } from '../contracts/tuning.js';
import type { ClassifierParts } from './classifier-parts.js';

/** What the vision tower gives for a batch. */
export interface EncodedImages {
  /** Before normalisation, [B, E]. */
  readonly features: tf.Tensor2D;
  /** [B, n, V]; there if the head reads them. */
  readonly promptRows?: tf.Tensor3D;
}

/** Images through the vision tower with what is learned there. */
export function encodeImages(
  { backbone, headProperties }: Pick<ClassifierParts, 'backbone' | 'headProperties'>,
  images: tf.Tensor4D,
  prompts?: Prompts,
  tuning?: TowerTuning,
): EncodedImages {
  const promptRows: tf.Tensor3D[] = [];
  const features = backbone.encodeImages(images, prompts, {
    ...(tuning && { tuning }),
    ...(headProperties.readsPromptRows && { promptRows }),
  });
  return { features, promptRows: promptRows[0] };
}
