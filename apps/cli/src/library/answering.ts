import type { DataPipeline, Preprocessing } from '@promptweave/core';
import { encodeSentences } from '@promptweave/core/experiment';
import type * as tf from '@tensorflow/tfjs-core';
import type { OpenedRun } from '../runs/open-classifier.js';

/** What a model answers with: the classifier of a run, or what was exported of one. Whoever calls owns the tensors. */
export interface Answering {
  readonly classNames: readonly string[];
  readonly preprocessing: Preprocessing;
  readonly pipeline: DataPipeline;
  /** Width of the embeddings, E. */
  readonly embedding: number;
  /** What a person should know about it, a sentence each. */
  readonly notes: readonly string[];
  /** Images [B, 3, size, size] → [B, E + …]: the embeddings before normalisation, and what else the logits need. */
  encode(images: tf.Tensor4D): tf.Tensor2D;
  /** Of what `encode` gives, [B, C]. */
  logits(encoded: tf.Tensor2D): tf.Tensor2D;
  /** Cosines of images and classes, of what `encode` gives, [B, C]. */
  similarities(encoded: tf.Tensor2D): tf.Tensor2D;
  /** Embeddings of whole sentences before normalisation, [sentences, E]; absent where there is no text tower. */
  embedTexts?(sentences: readonly string[]): tf.Tensor2D;
  close(): Promise<void>;
}

/** What the classifier of a run answers with. */
export function answeringOf({ classifier, composition, close }: Omit<OpenedRun, 'description'>): Answering {
  const { backbone, aligner, tuning, tuningProperties } = classifier.parts;
  const predictor = classifier.predictor();
  return {
    classNames: aligner.classNames,
    preprocessing: backbone.preprocessing,
    pipeline: composition.pipeline,
    embedding: backbone.shape.embedding,
    notes: backbone.notes ?? [],
    encode: (images) => predictor.encode(images),
    logits: (features) => predictor.logits({ features }),
    similarities: (features) => predictor.similarities(features),
    embedTexts: (sentences) =>
      encodeSentences({ backbone }, sentences, tuningProperties.tunesText ? tuning.towers().text : undefined),
    close: async () => {
      predictor.dispose();
      await close();
    },
  };
}
