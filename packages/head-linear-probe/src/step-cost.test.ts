import * as tf from '@tensorflow/tfjs-core';
import { randomClip } from '@promptweave/backbone-clip';
import { createOptimizer } from '@promptweave/core/experiment';
import { compose, composed, contextOf } from '@promptweave/core/testing';
import { expect, it } from 'vitest';
import { zeroShotLinearProbe } from './plugin.js';

it.each([
  ['none', 41],
  ['l2', 59],
])('a step on stored features has few operations: constraint %s', async (constraint, most) => {
  const backbone = randomClip({
    seed: 1,
    vision: { width: 16, layers: 1, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 16, layers: 1, heads: 2, contextLength: 24 },
    embedding: 8,
    vocabulary: 512,
  });
  const classifier = compose(contextOf(backbone), { head: { plugin: zeroShotLinearProbe, options: { constraint } } });
  const optimizer = createOptimizer({
    ...{ optimizer: 'sgd', momentum: 0.9, weightDecay: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  });
  const batch = {
    features: tf.randomNormal<tf.Rank.R2>([6, 8]),
    labels: tf.tensor1d([0, 1, 2, 3, 0, 1], 'int32'),
  };
  const step = (): void => {
    const { gradients } = classifier.gradients(batch);
    optimizer.apply(classifier.variables, gradients, 0.01);
    tf.dispose({ ...gradients });
  };
  step(); // the text is encoded once
  const { kernels } = await composed(() => tf.profile(step));
  const computing = kernels.filter(({ name }) => name !== 'Identity' && !/forward|__op/.test(name));
  expect(computing.length).toBeLessThan(most);
  tf.dispose(batch);
  optimizer.dispose();
  classifier.dispose();
  backbone.dispose();
});
