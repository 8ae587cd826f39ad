import * as tf from '@tensorflow/tfjs-core';
import type { ImageItem } from '../contracts/dataset.js';
import type { FeatureStore, View } from '../contracts/features.js';
import type { HeadMaterial, HeadProperties, LabelledFeatures } from '../contracts/head.js';
import type { Classifier } from '../model/classifier.js';
import { keptOutcome } from '../model/kept-outcome.js';
import { keepCopy } from '../model/maths.js';
import { featureBatches, storeFeatures, type ImageSource, type Watch } from './batches.js';

/** What the material is made from. */
export interface MaterialRequest {
  /** As it computes in the phase. */
  readonly classifier: Classifier;
  /** Of the head that asks. */
  readonly properties: HeadProperties;
  readonly source: ImageSource;
  readonly train: readonly ImageItem[];
  readonly validation: readonly ImageItem[];
  /** Frozen image features; new ones are added. */
  readonly features: FeatureStore;
  readonly watch: Watch;
}

/**
 * Features of the images that a head wants before training or after it; undefined where it wants none.
 * The caller disposes it with {@link disposeMaterial}.
 */
export async function headMaterial(request: MaterialRequest): Promise<HeadMaterial | undefined> {
  const { classifier, source, train, validation } = request;
  const { prepares } = request.properties;
  if (!prepares) return undefined;
  const { minimumCrop } = prepares;
  const views = Array.from({ length: prepares.views }, (_, index): View => ({ index, seed: source.seed, minimumCrop }));
  const ofTraining = await labelled(request, train, prepares.views === 0 ? [undefined] : views);
  const wantsValidation = prepares.validation && validation.length > 0;
  const ofValidation = wantsValidation ? await labelled(request, validation, [undefined]) : undefined;
  const texts = textsOf(classifier);
  const { logitScale } = classifier.parts.backbone;
  return { train: ofTraining, ...(ofValidation && { validation: ofValidation }), texts, logitScale };
}

/** Normalised text features of the present values, [C, E]. The caller owns the tensor. */
export function textsOf(classifier: Classifier): tf.Tensor2D {
  return keptOutcome(() => keepCopy(classifier.step({ labels: tf.tensor1d([0], 'int32') }).texts[0]!.features));
}

export function disposeMaterial(material: HeadMaterial | undefined): void {
  if (!material) return;
  for (const { views, labels } of [material.train, ...(material.validation ? [material.validation] : [])]) {
    tf.dispose([[...views], labels]);
  }
  material.texts.dispose();
}

/** Images that could not be read are left out of all views. */
async function labelled(
  { source, features, watch }: MaterialRequest,
  items: readonly ImageItem[],
  views: readonly (View | undefined)[],
): Promise<LabelledFeatures> {
  for (const view of views) await storeFeatures(features, source, items, watch, view);
  const pass = { items, batchSize: Math.max(1, items.length), epoch: 0, augment: false, dropLast: false };
  const prepared = views.map((view) => [...featureBatches(features, pass, view)][0]!);
  return {
    views: prepared.map((batch) => tf.tensor2d(batch.features!, [batch.items.length, source.backbone.shape.embedding])),
    labels: tf.tensor1d(prepared[0]!.labels, 'int32'),
  };
}
