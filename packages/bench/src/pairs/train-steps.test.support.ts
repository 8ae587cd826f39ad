import * as tf from '@tensorflow/tfjs-core';
import { combined, createOptimizer, type Classifier } from '@promptweave/core/experiment';
import { type batchFor } from '@promptweave/core/testing';
import { expect } from 'vitest';
import { withMaterial } from './head-material.test.support.js';

const settings = {
  optimizer: 'sgd',
  momentum: 0.9,
  weightDecay: 5e-4,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
} as const;

/**
 * As a training does: the head gets its material, each step moves what is learned, and the third leaves no tensor (the optimiser keeps
 * something of the first, and constants from the second on).
 */
export function trainSteps(classifier: Classifier, batch: ReturnType<typeof batchFor>): void {
  const { head, rule } = classifier.parts;
  withMaterial(classifier, (material) => head.prepare?.(material));
  const optimizer = createOptimizer(settings);
  const learns = Object.keys(classifier.variables).length > 0;
  for (let step = 0; step < 3 && learns; step++) {
    const before = tf.memory().numTensors;
    const { total, gradients, aside } = classifier.gradients(batch, step);
    expect(total).toSatisfy(Number.isFinite);
    expect(Object.keys(gradients)).not.toEqual([]);
    const given = combined(rule, gradients, aside);
    optimizer.apply(classifier.variables, given, 0.002);
    tf.dispose(given);
    if (step > 1) expect(tf.memory().numTensors, 'tensors after a step').toBe(before);
  }
  head.endEpoch?.();
  withMaterial(classifier, (material) => head.finish?.(material));
  optimizer.dispose();
}
