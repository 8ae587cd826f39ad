import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { randomClip } from '@promptweave/backbone-clip';
import { Classifier, FrozenLabels, FrozenTexts, HandCraftedPrompt } from '@promptweave/core/experiment';
import { contextOf } from '@promptweave/core/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { commaKnowledge } from './plugin.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'knowledge-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const backbone = randomClip({
  seed: 3,
  vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
  text: { width: 16, layers: 3, heads: 2, contextLength: 24 },
  embedding: 16,
  vocabulary: 512,
  logitScale: 10,
});
const classNames = ['goldfish', 'great white shark', 'cat'];

/** A step of a cell: its terms, and how often it asked the text tower. */
function step(options: object, texts?: FrozenTexts): { terms: unknown; passes: number } {
  const context = { ...contextOf(backbone, { names: classNames }), template: 'a photo of a {}.' };
  const loss = commaKnowledge.create(context, commaKnowledge.options.parse(options));
  const tower = vi.spyOn(backbone, 'encodeText');
  const aligner = new FrozenLabels(backbone, classNames);
  const classifier = new Classifier({
    ...{ backbone, aligner, alignerProperties: { trainsLabels: false }, losses: [{ loss, weight: 1 }], texts },
    learner: new HandCraftedPrompt({ backbone }, 'a drawing of the {}.'),
    learnerProperties: { promptsVision: false, dependsOnImage: false, novelClasses: 'swap' },
  });
  const batch = { images: tf.zeros([1, 3, 16, 16]) as tf.Tensor4D, labels: tf.tensor1d([0], 'int32') };
  const terms = tf.tidy(() => loss.terms(classifier.step(batch)).map(({ value }) => value.dataSync()[0]));
  const passes = tower.mock.calls.length;
  tower.mockRestore();
  classifier.dispose();
  return { terms, passes };
}

it.each([{}, { tokens: 'all', lateBlocks: 2 }])(
  'compares with states that the first cell of a sweep computed, %o',
  (options) => {
    const alone = step(options);
    expect(alone.passes).toBe(2); // the prompts of the step, and the hand-crafted ones
    expect(step(options, new FrozenTexts(folder))).toEqual(alone);
    expect(step(options, new FrozenTexts(folder))).toEqual({ terms: alone.terms, passes: 1 });
  },
);
