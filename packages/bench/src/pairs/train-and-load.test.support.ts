import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { ClipBackbone } from '@promptweave/backbone-clip';
import { composeClassifier, loadLearned, saveLearned, type Registry } from '@promptweave/core/experiment';
import { batchFor, contextOf, logitsOf } from '@promptweave/core/testing';
import { expect } from 'vitest';
import type { Row } from './covering-array.test.support.js';
import { choiceOf } from './learning-parts.test.support.js';
import { trainSteps } from './train-steps.test.support.js';

/** Trains the parts of a row, stores what they have learned, and loads it into new ones: the same logits to the bit, and no tensor is left. */
export async function trainAndLoad(
  row: Row,
  { registry, backbone, names, folder }: TrainAndLoadOptions,
): Promise<void> {
  const choice = choiceOf(row, registry);
  const tensors = tf.memory().numTensors;
  const trained = composeClassifier(registry, contextOf(backbone, { seed: 1, names }), choice);
  const batch = batchFor(backbone, 2);
  trainSteps(trained, batch);
  const logits = logitsOf(trained, batch);
  expect(logits.every(Number.isFinite)).toBe(true);

  const path = join(folder, 'learned.safetensors');
  await saveLearned(path, trained, { configuration: {}, template: '', folder, step: 3 });
  trained.dispose();
  const fresh = composeClassifier(registry, contextOf(backbone, { seed: 2, names }), choice);
  await loadLearned(path, fresh);
  expect(logitsOf(fresh, batch)).toEqual(logits);
  fresh.dispose();
  tf.dispose(Object.values(batch));
  expect(tf.memory().numTensors).toBe(tensors);
}

export interface TrainAndLoadOptions {
  readonly registry: Registry;
  readonly backbone: ClipBackbone;
  readonly names: string[];
  /** Of the learned file. */
  readonly folder: string;
}
