import type { Backbone, Dataset, DataPipeline } from '@promptweave/core';
import { completeChoice, composeClassifier, train, trainSettings, type Registry } from '@promptweave/core/experiment';
import { classNamesOf, type SpeedMethod } from './measure-step.js';
import { testImage } from './test-image.js';

/** How long training steps took, and how much of it they waited for images. */
export interface LoaderTimes {
  /** Of each counted step. */
  readonly seconds: readonly number[];
  readonly waited: readonly number[];
}

/** Steps that fill the pipeline and warm up. */
const WARM_UP = 2;

/** Trains for some steps on encoded images of 500 × 375 pixels with augmentation, as a real training reads them. */
export async function measureLoader(
  registry: Registry,
  backbone: Backbone,
  pipeline: DataPipeline,
  { method, classes, steps }: { readonly method: SpeedMethod; readonly classes: number; readonly steps: number },
): Promise<LoaderTimes> {
  const classNames = classNamesOf(classes);
  const template = 'a photo of a {}.';
  const context = { backbone, classNames, template, shots: 16, seed: 1 };
  const classifier = composeClassifier(registry, context, completeChoice(registry, method));
  const files = Array.from({ length: 8 }, (_, i) => testImage(500, 375, i));
  const images = Array.from({ length: (WARM_UP + steps) * method.batch }, (_, i) => ({
    id: `image ${i}`,
    label: i % classes,
    load: () => Promise.resolve(files[i % files.length]!),
  }));
  const dataset: Dataset = {
    ...{
      name: 'images',
      classNames,
      template,
      imagePolicy: 'reference',
      train: images,
      val: [],
      test: [],
      digest: 'images',
    },
  };
  const seconds: number[] = [];
  const waited: number[] = [];
  let last = performance.now();
  const settings = trainSettings.parse({ batch: method.batch, epochs: 1, learningRate: 1e-6 });
  await train({
    ...{ classifier, pipeline, dataset, settings, seed: 1 },
    onEvent: (event) => {
      if (event.type !== 'step') return;
      const now = performance.now();
      if (event.step > WARM_UP) {
        seconds.push((now - last) / 1000);
        waited.push(event.loaderWait);
      }
      last = now;
    },
  });
  classifier.dispose();
  return { seconds, waited };
}
