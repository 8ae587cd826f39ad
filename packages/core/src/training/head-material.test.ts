import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { CosineHead, cosineProperties } from '../builtin/cosine-head.js';
import type { Head, HeadMaterial } from '../contracts/head.js';
import type { BatchRequest } from '../contracts/pipeline.js';
import { Classifier } from '../model/classifier.js';
import { describeEvent } from './describe-event.js';
import { trainSettings } from './settings.js';
import { classNames, tinyClassifier, tinyDataset, tinyPipeline } from './tiny.test.support.js';
import { train } from './trainer.js';

/** A training with a head that writes down what it is given. */
async function trained(prepares: { views: number; minimumCrop?: number; validation?: boolean }) {
  const given: { when: string; views: number[][]; labels: number[]; validation?: number[] }[] = [];
  const crops: (number | undefined)[] = [];
  const note = (when: string) => (material: HeadMaterial) => {
    const { train: images, validation, texts } = material;
    expect(texts.shape).toEqual([3, 5]);
    given.push({
      when,
      views: images.views.map((view) => [...view.dataSync()]),
      labels: [...images.labels.dataSync()],
      ...(validation && { validation: [...validation.labels.dataSync()] }),
    });
  };
  const cosine = new CosineHead(classNames);
  const head: Head = {
    ...{ variables: {}, classNames },
    logits: (input) => cosine.logits(input),
    withClasses: () => head,
    ...{
      prepare: note('prepare'),
      finish: note('finish'),
      endEpoch: () => given.push({ when: 'epoch', views: [], labels: [] }),
    },
    dispose: () => undefined,
  };
  const tiny = tinyClassifier();
  const classifier = new Classifier({ ...tiny.parts, head, headProperties: { ...cosineProperties, prepares } });
  await train({
    ...{ classifier, dataset: tinyDataset(2), seed: 1 },
    settings: trainSettings.parse({ epochs: 2, batch: 6, augment: false }),
    pipeline: {
      ...tinyPipeline,
      batches: (request: BatchRequest) => {
        if (request.augment) crops.push(request.minimumCrop);
        return tinyPipeline.batches(request);
      },
    },
  });
  classifier.dispose();
  return { given, crops };
}

it('a head gets augmented views of its kind before the training and after it, and hears of each epoch', async () => {
  const before = tf.memory().numTensors;
  const { given, crops } = await trained({ views: 2, minimumCrop: 0.5, validation: true });
  expect(given.map(({ when }) => when)).toEqual(['prepare', 'epoch', 'epoch', 'finish']);
  const [first] = given;
  expect(first!.labels).toEqual([0, 0, 1, 1, 2, 2]);
  expect(first!.validation).toEqual([0, 0, 1, 1, 2, 2]);
  expect(first!.views.map(({ length }) => length)).toEqual([30, 30]);
  expect(first!.views[0]).not.toEqual(first!.views[1]);
  expect(crops).toEqual([0.5, 0.5]); // each view is computed once
  expect(given.at(-1)).toEqual({ ...first, when: 'finish' });
  expect(tf.memory().numTensors - before).toBeLessThanOrEqual(3); // the weights of the tiny backbone
});

it('plain images where it wants no views, and no validation images that it does not ask for', async () => {
  const { given, crops } = await trained({ views: 0 });
  expect(given[0]!.views).toHaveLength(1);
  expect(given[0]!.validation).toBeUndefined();
  expect(crops).toEqual([]);
});

it('counts among the learned parameters what a head was fitted to', () => {
  const { parts } = tinyClassifier();
  const before = new Classifier(parts).learnedNumbers;
  const weight = tf.variable(tf.zeros([3, 5]));
  const cosine = new CosineHead(classNames);
  const head: Head = {
    ...{ variables: {}, fitted: { weight }, classNames },
    logits: (input) => cosine.logits(input),
    withClasses: () => head,
    dispose: () => weight.dispose(),
  };
  const classifier = new Classifier({ ...parts, head });
  expect(classifier.learnedNumbers).toBe(before + 15);
  classifier.dispose();
});

it('says that a head was fitted where the optimiser has nothing to learn', () => {
  const start = {
    type: 'start',
    steps: 0,
    epochs: 5,
    images: 6,
    parameters: 0,
    resumedAt: { step: 0, epoch: 0 },
  } as const;
  expect(describeEvent({ ...start, fitted: 12 })).toBe(
    'The head was fitted to 6 training images (12 numbers); nothing is left for the optimiser.',
  );
  expect(describeEvent(start)).toBe('Nothing is learned: no part has variables.');
});
