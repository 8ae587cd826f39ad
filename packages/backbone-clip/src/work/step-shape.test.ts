import * as tf from '@tensorflow/tfjs-core';
import type { Tuning } from '@promptweave/core';
import { stepShape, type ClassifierParts } from '@promptweave/core/experiment';
import { compose, contextOf, probeLearner } from '@promptweave/core/testing';
import { afterAll, expect, it } from 'vitest';
import { randomClip } from '../random-clip.js';

const backbone = randomClip({
  seed: 1,
  vision: { width: 8, layers: 4, heads: 1, imageSize: 8, patchSize: 8 },
  text: { width: 8, layers: 4, heads: 1, contextLength: 24 },
  embedding: 4,
  vocabulary: 200,
});
afterAll(() => backbone.dispose());

function shapeOf(change: Partial<ClassifierParts>, prompt = false) {
  const classifier = compose(contextOf(backbone), prompt ? { prompt: { plugin: probeLearner } } : {});
  const before = tf.memory().numTensors;
  const shape = stepShape({ ...classifier.parts, ...change }, 2, true);
  expect(tf.memory().numTensors).toBe(before);
  classifier.dispose();
  return shape;
}

const tuning = (block: number): Partial<ClassifierParts> => ({
  tuning: {
    ...{ variables: {}, dispose: () => undefined },
    towers: () => ({ text: { blocks: { [block]: {} } }, vision: { blocks: { [block]: {} } } }),
  } satisfies Tuning,
  tuningProperties: { tunesText: true, tunesVision: true },
});

it('nothing is learned, so that no tower has a gradient', () => {
  expect(shapeOf({})).toMatchObject({
    textGradient: false,
    visionGradient: false,
    featuresKnown: true,
    frozenImages: false,
  });
});

it('a tuned block is where gradients begin, unless prompts come in before', () => {
  const alone = shapeOf({ ...tuning(2), needs: { frozenImages: true } });
  expect(alone).toMatchObject({ textGradient: true, visionGradient: true, featuresKnown: false, frozenImages: true });
  expect(alone.text.changes).toEqual({ gradientFrom: 2, tuned: true });
  expect(alone.visionChanges).toEqual({ gradientFrom: 2, tuned: true });
  const prompted = shapeOf(tuning(2), true);
  expect(prompted.text.changes).toEqual({ gradientFrom: 0, tuned: true });
  expect(prompted.visionChanges).toEqual({ gradientFrom: 0, tuned: true });
});

it('inserted rows and context of classes are known by block', () => {
  const rows = (): tf.Tensor2D => tf.zeros([3, 8]);
  const classifier = compose(contextOf(backbone), { prompt: { plugin: probeLearner } });
  const { learner } = classifier.parts;
  const inserted = () => ({ block: 2, rows: [rows(), rows()] });
  const prompts = () => {
    const text = {
      ...learner.prompts().text!,
      deep: [],
      ofClasses: { block: 3, rows: tf.zeros<tf.Rank.R3>([4, 2, 8]) },
    };
    return { text, insertedText: inserted(), vision: { deep: [], inserted: inserted() } };
  };
  const shape = shapeOf({ learner: { ...learner, prompts } }, true);
  expect(shape.text.changes).toMatchObject({ inserted: { block: 2, rows: 3 }, ownContextFrom: 3 });
  expect(shape).toMatchObject({
    visionPrompts: 0,
    visionChanges: { gradientFrom: 2, inserted: { block: 2, rows: 3 } },
  });
  classifier.dispose();
});
