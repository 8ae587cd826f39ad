import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { BatchRequest } from '../contracts/pipeline.js';
import { trainSettings } from './settings.js';
import { tinyClassifier, tinyDataset, tinyPipeline } from './tiny.test.support.js';
import type { TrainRequest } from './train-request.js';
import { train } from './trainer.js';

const EPOCHS = 5;
const VIEWS = 2;

/** Trains on two views, and says which passes over augmented images the pipeline was asked for. */
async function trainOnViews(constantFeatures: boolean): Promise<{ epochs: number[]; values: number[] }> {
  const passes: BatchRequest[] = [];
  const classifier = tinyClassifier();
  Object.defineProperty(classifier, 'imageFeaturesAreConstant', { value: constantFeatures });
  const request: TrainRequest = {
    classifier,
    pipeline: {
      ...tinyPipeline,
      batches: (pass) => {
        passes.push(pass);
        return tinyPipeline.batches(pass);
      },
    },
    dataset: tinyDataset(5),
    settings: trainSettings.parse({ batch: 3, epochs: EPOCHS, learningRate: 0.1, views: VIEWS }),
    seed: 4,
  };
  await train(request);
  const values = [...classifier.variables['ctx']!.dataSync()];
  tf.dispose(Object.values(classifier.variables));
  return { epochs: passes.filter(({ augment }) => augment).map(({ epoch }) => epoch), values };
}

it('takes the views in turn, and computes each once where features are constant', async () => {
  const images = await trainOnViews(false);
  expect(images.epochs).toEqual([0, 1, 0, 1, 0]);
  const stored = await trainOnViews(true);
  expect(stored.epochs).toEqual([0, 1]);
  stored.values.forEach((value, i) => expect(value).toBeCloseTo(images.values[i]!, 6));
});
