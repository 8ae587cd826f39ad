import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { Dataset, ImageItem } from '../contracts/dataset.js';
import type { Evaluation } from '../contracts/evaluation.js';
import type { FeatureStore } from '../contracts/features.js';
import type { DataPipeline } from '../contracts/pipeline.js';
import { DatasetError, TrainingError } from '../errors.js';
import type { Classifier } from '../model/classifier.js';
import { featureBatches, imageBatches, storeFeatures, toDevice, type Watch } from './batches.js';
import { Metrics, type Answer } from './metrics.js';

/** What to evaluate. */
export interface EvaluationRequest extends Watch {
  readonly classifier: Classifier;
  readonly pipeline: DataPipeline;
  /** The data set that the items belong to; its class names are the classifier's. */
  readonly dataset: Dataset;
  readonly items: readonly ImageItem[];
  /** Images that are read at a time; changes no number. Default 32. */
  readonly batchSize?: number;
  /** Image features known from before. New ones are added where no vision prompt is learned. */
  readonly features?: FeatureStore;
  readonly onBadImage?: 'fail' | 'skip';
  /** Told what the classifier says about each image. */
  readonly onAnswer?: (item: ImageItem, answer: Answer) => void;
}

/**
 * Compares a classifier's answers with the labels. Class features are computed once; so are image features where they are
 * constant.
 *
 * @throws DatasetError where there is no image, or one cannot be read and is not to be skipped
 * @throws TrainingError where a logit is not finite
 * @throws the signal's reason where it is aborted
 */
export async function evaluate(request: EvaluationRequest): Promise<Evaluation> {
  const { classifier, pipeline, dataset, items, batchSize = 32, onBadImage = 'fail' } = request;
  const { signal, onProgress, onAnswer } = request;
  const { backbone } = classifier.parts;
  const source = { backbone, pipeline, policy: dataset.imagePolicy, seed: 0, onBadImage };
  const pass = { items, batchSize, epoch: 0, augment: false, dropLast: false };
  const store = classifier.imageFeaturesAreConstant ? (request.features ?? new Map()) : undefined;
  if (store) await storeFeatures(store, source, items, { signal, onProgress });

  const metrics = new Metrics(classifier.parts.aligner.classNames);
  const predictor = classifier.predictor();
  let done = 0;
  try {
    for await (const prepared of store ? featureBatches(store, pass) : imageBatches(source, pass)) {
      signal?.throwIfAborted();
      const batch = toDevice(prepared, backbone);
      const logits = predictor.logits(batch);
      const values = await logits.data();
      tf.dispose([logits, ...Object.values(batch)]);
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        const image = prepared.items[Math.floor((bad * prepared.items.length) / values.length)]!;
        throw new TrainingError('A logit is not a finite number.', {
          where: `image "${image.id}"`,
          remedy: 'Train again with a lower learning rate, or check the weights.',
        });
      }
      const answers = metrics.add(values, prepared.labels);
      prepared.items.forEach((item, i) => onAnswer?.(item, answers[i]!));
      done += prepared.items.length;
      if (!store) onProgress?.(done, items.length);
      await setImmediate();
    }
  } finally {
    predictor.dispose();
  }
  if (done === 0) {
    throw new DatasetError('There is no image to evaluate on.', {
      where: dataset.name,
      remedy: 'Choose another split, or check the data set.',
    });
  }
  return metrics.result();
}
