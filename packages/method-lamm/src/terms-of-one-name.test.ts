import * as tf from '@tensorflow/tfjs-core';
import { randomClip } from '@promptweave/backbone-clip';
import { batchFor, compose, contextOf, jitter, type Chosen } from '@promptweave/core/testing';
import type { LossPlugin } from '@promptweave/core';
import { expect, it } from 'vitest';
import { lamm, lammFeature, lammHierarchical } from './plugin.js';

/** Total, terms and gradient after the same small move, and what is left behind. */
function stepWith(losses: readonly Chosen<LossPlugin>[]) {
  const backbone = randomClip({
    seed: 1,
    vision: { width: 16, layers: 1, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 16, layers: 1, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });
  const classifier = compose(contextOf(backbone), { labels: { plugin: lamm }, losses });
  const batch = batchFor(backbone, 2);
  jitter(classifier.variables);
  tf.dispose(classifier.gradients(batch).gradients); // what is computed once
  const before = tf.memory().numTensors;
  const { total, terms, gradients } = classifier.gradients(batch);
  const gradient = [...gradients['token_classes']!.dataSync()];
  tf.dispose(gradients);
  const left = tf.memory().numTensors - before;
  classifier.dispose();
  backbone.dispose();
  tf.dispose(Object.values(batch));
  return { total, terms, gradient, left };
}

it('counts a term twice that two losses have, tells both, and keeps nothing of either', () => {
  const both = stepWith([{ plugin: lammHierarchical }, { plugin: lammFeature, weight: 2 }]);
  const weighted = stepWith([{ plugin: lammHierarchical, options: { featureWeight: 3 } }]);
  expect(both.total).toBeCloseTo(weighted.total, 5);
  both.gradient.forEach((value, i) => expect(value).toBeCloseTo(weighted.gradient[i]!, 5));
  const feature = weighted.terms['lamm/feature']!.value;
  expect(feature).toBeGreaterThan(0);
  expect(both.terms).toMatchObject({
    'lamm/feature': { value: feature, weight: 1 },
    'lamm/feature-2': { value: feature, weight: 2 },
  });
  expect(both.left).toBe(0);
});
