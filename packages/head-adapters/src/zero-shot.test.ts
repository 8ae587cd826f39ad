import * as tf from '@tensorflow/tfjs-core';
import { randomClip } from '@promptweave/backbone-clip';
import type { PartialConfiguration } from '@promptweave/core';
import { batchFor, compose, contextOf, logitsOf } from '@promptweave/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipAdapter, taskres, tipAdapter, type plugins } from './plugin.js';

let backbone: ReturnType<typeof randomClip>;
let batch: ReturnType<typeof batchFor>;

beforeAll(() => {
  backbone = randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });
  batch = batchFor(backbone, 4);
});
afterAll(() => {
  tf.dispose(Object.values(batch));
  backbone.dispose();
});

const composed = (plugin?: (typeof plugins)[number], options: PartialConfiguration = {}) =>
  compose(contextOf(backbone), plugin ? { head: { plugin, options } } : {});

const logits = (classifier: ReturnType<typeof composed>): number[] => {
  const values = logitsOf(classifier, batch);
  classifier.dispose();
  return values;
};

/** With two images of each class in its cache. */
function withCache(options: PartialConfiguration): ReturnType<typeof composed> {
  const classifier = composed(tipAdapter, options);
  const images = batchFor(backbone, 8, 50);
  const views = [backbone.encodeImages(images.images)];
  const labels = tf.tensor1d([0, 1, 2, 3, 0, 1, 2, 3], 'int32');
  const texts = tf.tidy(() => tf.keep(classifier.step(batch).texts[0]!.features.clone()));
  classifier.parts.head.prepare!({ train: { views, labels }, texts, logitScale: backbone.logitScale });
  tf.dispose([Object.values(images), views, labels, texts]);
  return classifier;
}

describe('bit for bit zero-shot', () => {
  it.each([
    ['TaskRes at the start', () => composed(taskres)],
    ['TaskRes with α = 0', () => composed(taskres, { alpha: 0 })],
    ['CLIP-Adapter with ratio 0', () => composed(clipAdapter, { ratio: 0 })],
    ['Tip-Adapter before it is prepared', () => composed(tipAdapter)],
    ['Tip-Adapter with α = 0', () => withCache({ alpha: 0 })],
  ])('%s', (_, make) => {
    expect(logits(make())).toEqual(logits(composed()));
  });

  it('and otherwise not', () => {
    const zeroShot = logits(composed());
    expect(logits(composed(clipAdapter))).not.toEqual(zeroShot);
    expect(logits(withCache({}))).not.toEqual(zeroShot);
  });
});

it('a class without a key keeps its zero-shot logit, one with a key does not', () => {
  const names = ['cat', 'ant'];
  const [host, cached] = [composed(), withCache({})];
  const [plain, other] = [host.withClasses(names), cached.withClasses(names)];
  const [a, b] = [logitsOf(plain, batch), logitsOf(other, batch)];
  expect(b.filter((_, i) => i % 2 === 1)).toEqual(a.filter((_, i) => i % 2 === 1));
  expect(b[0]).toBeGreaterThan(a[0]!);
  for (const one of [plain, other]) one.disposeOwn();
  for (const one of [host, cached]) one.dispose();
});

it('α of TaskRes is in units of the mean length where it is relative', () => {
  const classifier = composed(taskres, { relative: true, alpha: 2 });
  tf.tidy(() => {
    const { head } = classifier.parts;
    head.variables['text_feature_residuals']!.assign(tf.ones([4, 16]));
    const raw = classifier.step(batch).texts[0]!.raw;
    const weights = (head as unknown as { weights(input: object): tf.Tensor }).weights({ rawTexts: raw });
    const unit = tf.mean(tf.norm(raw, 'euclidean', -1)).dataSync()[0]!;
    tf.sub(weights, raw)
      .dataSync()
      .forEach((value) => expect(value).toBeCloseTo(2 * unit, 4));
  });
  classifier.dispose();
});
