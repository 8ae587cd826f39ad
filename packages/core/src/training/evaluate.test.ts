import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { FeatureStore } from '../contracts/features.js';
import type { DataPipeline } from '../contracts/pipeline.js';
import { DatasetError, TrainingError } from '../errors.js';
import { evaluate } from './evaluate.js';
import { classNames, tinyClassifier, tinyDataset, tinyPipeline } from './tiny.test.support.js';

const dataset = tinyDataset(5);
const items = dataset.test;

describe('evaluate', () => {
  it('counts what the training step counts', async () => {
    const classifier = tinyClassifier();
    const request = {
      items,
      batchSize: 15,
      preprocessing: classifier.parts.backbone.preprocessing,
      policy: 'custom',
      augment: false,
    } as const;
    const pass = { ...request, shuffle: false, dropLast: false, seed: 0, epoch: 0, onBadImage: 'fail' } as const;
    for await (const { images, labels } of tinyPipeline.batches(pass)) {
      const { total, correct } = classifier.gradients({
        images: tf.tensor4d(images, [15, 3, 2, 2]),
        labels: tf.tensor1d(labels, 'int32'),
      });
      const result = await evaluate({ classifier, pipeline: tinyPipeline, dataset, items });
      expect(result.images).toBe(15);
      expect(result.accuracy).toBe(correct / 15);
      expect(result.loss).toBeCloseTo(total, 5);
      expect(result.classes.map(({ name, images: count }) => [name, count])).toEqual(
        classNames.map((name) => [name, 5]),
      );
    }
  });

  it.each([true, false])(
    'gives the same for any batch size and leaves no tensor behind, vision prompts: %s',
    async (promptsVision) => {
      const classifier = tinyClassifier({ promptsVision });
      const before = tf.memory().numTensors;
      const results = await Promise.all(
        [1, 4, 100].map((batchSize) => evaluate({ classifier, pipeline: tinyPipeline, dataset, items, batchSize })),
      );
      expect(tf.memory().numTensors).toBe(before);
      for (const { accuracy, confusion, loss } of results) {
        expect({ accuracy, confusion }).toEqual({ accuracy: results[0]!.accuracy, confusion: results[0]!.confusion });
        expect(loss).toBeCloseTo(results[0]!.loss, 5);
      }
    },
  );

  it('takes features that are known, and only where no vision prompt is learned', async () => {
    const features: FeatureStore = new Map();
    await evaluate({
      classifier: tinyClassifier({ promptsVision: true }),
      pipeline: tinyPipeline,
      dataset,
      items,
      features,
    });
    expect(features.size).toBe(0);
    const first = await evaluate({ classifier: tinyClassifier(), pipeline: tinyPipeline, dataset, items, features });
    expect(features.size).toBe(15);
    const silent: DataPipeline = {
      ...tinyPipeline,
      batches: ({ items: asked }) => {
        expect(asked).toEqual([]);
        return tinyPipeline.batches({ items: [] } as never);
      },
    };
    const again = await evaluate({ classifier: tinyClassifier(), pipeline: silent, dataset, items, features });
    expect(again).toEqual(first);
  });

  it('leaves out images that cannot be read, where asked to', async () => {
    const broken: DataPipeline = {
      ...tinyPipeline,
      batches: (pass) => tinyPipeline.batches({ ...pass, items: pass.items.filter(({ id }) => !id.endsWith('/0')) }),
    };
    const result = await evaluate({
      classifier: tinyClassifier(),
      pipeline: broken,
      dataset,
      items,
      onBadImage: 'skip',
    });
    expect(result.images).toBe(12);
  });

  it('says where there is nothing to evaluate, or a logit is not finite', async () => {
    const classifier = tinyClassifier();
    const of = { classifier, pipeline: tinyPipeline, dataset };
    await expect(evaluate({ ...of, items: [] })).rejects.toThrow(DatasetError);
    classifier.variables['ctx']!.assign(tf.fill([2, 6], NaN));
    const before = tf.memory().numTensors;
    await expect(evaluate({ ...of, items })).rejects.toThrow(TrainingError);
    expect(tf.memory().numTensors).toBe(before);
    await expect(evaluate({ ...of, items })).rejects.toMatchObject({ where: 'image "test/ant/0"' });
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const request = {
      classifier: tinyClassifier({ promptsVision: true }),
      pipeline: tinyPipeline,
      dataset,
      items,
      signal,
    };
    await expect(evaluate(request)).rejects.toThrow('enough');
  });
});
