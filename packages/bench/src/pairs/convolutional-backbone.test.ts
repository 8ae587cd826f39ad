import * as tf from '@tensorflow/tfjs-core';
import { randomClip } from '@promptweave/backbone-clip';
import { definePlugin, type Backbone } from '@promptweave/core';
import { composeClassifier } from '@promptweave/core/experiment';
import { batchFor, contextOf, describeBackbone, logitsOf } from '@promptweave/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { choiceOf, defaultRegistry, factorsOf } from './learning-parts.test.support.js';
import { trainSteps } from './train-steps.test.support.js';
import type { Row } from './covering-array.test.support.js';

const FILTERS = 6;

/** A backbone of somebody's plugin: CLIP's text tower, and images through two convolutions and the mean of what comes out. */
function convolutional(): Backbone {
  const clip = randomClip({
    ...{ seed: 3, embedding: 16, vocabulary: 512, logitScale: 10 },
    vision: { width: 8, layers: 1, heads: 1, imageSize: 12, patchSize: 12 },
    text: { width: 16, layers: 2, heads: 2, contextLength: 24 },
  });
  const drawn = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 0.4, 'float32', seed);
  const weights = [drawn([3, 3, 3, FILTERS], 1), drawn([3, 3, FILTERS, FILTERS], 2), drawn([FILTERS, 16], 3)] as const;
  const [first, second, projection] = weights as unknown as [tf.Tensor4D, tf.Tensor4D, tf.Tensor2D];
  const { tokenizer, logitScale, preprocessing } = clip;
  return {
    ...{ tokenizer, logitScale, preprocessing },
    name: 'convolutional',
    digest: 'two convolutions',
    shape: { ...clip.shape, vision: { width: FILTERS, layers: 0, imageSize: 12 } },
    embedTokens: (ids) => clip.embedTokens(ids),
    encodeText: (text, request) => clip.encodeText(text, request),
    encodeImages: (images) =>
      tf.tidy(() => {
        const rows: tf.Tensor4D = tf.transpose(images, [0, 2, 3, 1]);
        const once = tf.relu(tf.conv2d(rows, first, 2, 'same'));
        const twice = tf.relu(tf.conv2d(once, second, 2, 'same'));
        return tf.matMul(tf.mean<tf.Tensor2D>(twice, [1, 2]), projection);
      }),
    dispose: () => {
      clip.dispose();
      tf.dispose([...weights]);
    },
  };
}

describeBackbone(
  definePlugin({
    kind: 'backbone',
    name: 'convolutional',
    description: 'Two convolutions, for tests.',
    options: z.strictObject({}),
    create: async () => Promise.resolve(convolutional()),
  }),
);

const registry = await defaultRegistry();
const [prompts, labels, heads, tunings, gradients] = factorsOf(registry) as [Row, Row, Row, Row, Row];
const names = ['cat', 'sea_horse', 'owl'];

describe('on a vision tower that is no transformer', () => {
  let backbone: Backbone;
  beforeAll(() => void (backbone = convolutional()));
  afterAll(() => backbone.dispose());

  it.each([
    ['coop', 'frozen', 'cosine'],
    ['none', 'lamm', 'taskres'],
    ['coop', 'lamm', 'clip-adapter'],
    ['cocoop', 'frozen', 'cosine'],
    ['none', 'frozen', 'linear-probe'],
  ])('%s, %s and %s learn', (...[prompt, label, head]) => {
    const tensors = tf.memory().numTensors;
    const choice = choiceOf([prompt, label, head, 'none', gradients[0]!, 'cross-entropy'], registry);
    const classifier = composeClassifier(registry, contextOf(backbone, { seed: 1, names }), choice);
    const batch = batchFor(backbone, 2);
    const before = logitsOf(classifier, batch);
    trainSteps(classifier, batch);
    const after = logitsOf(classifier, batch);
    expect(after.every(Number.isFinite)).toBe(true);
    expect(after).not.toEqual(before);
    classifier.dispose();
    tf.dispose(Object.values(batch));
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each(prompts.filter((name) => ['maple', 'comma', 'vpt', 'ivlp', 'mmrl'].includes(name)))(
    '%s is refused, for it puts rows into the vision tower',
    (prompt) => {
      const choice = choiceOf(
        [prompt, labels[0]!, prompt === 'mmrl' ? 'mmrl' : heads[0]!, 'none', gradients[0]!, 'cross-entropy'],
        registry,
      );
      const tensors = tf.memory().numTensors;
      const compose = () => composeClassifier(registry, contextOf(backbone, { names }), choice);
      expect(compose).toThrow(
        /puts rows into the vision tower, and that of "convolutional" has no blocks that take any/,
      );
      expect(tf.memory().numTensors).toBe(tensors);
    },
  );

  it.each(tunings.filter((name) => name !== 'none'))('%s is refused, for the towers cannot be tuned', (tuning) => {
    const choice = choiceOf(['none', labels[0]!, heads[0]!, tuning, gradients[0]!, 'cross-entropy'], registry);
    expect(() => composeClassifier(registry, contextOf(backbone, { names }), choice)).toThrow(/cannot be tuned/);
  });
});
