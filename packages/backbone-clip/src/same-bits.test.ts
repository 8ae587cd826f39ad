import * as tf from '@tensorflow/tfjs-core';
import { seededNormal, type Dataset, type ImageItem } from '@promptweave/core';
import { Classifier, evaluate, FrozenLabels } from '@promptweave/core/experiment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomClip } from './random-clip.js';

/** Rows that are no multiple of anything: 1 + 3² patches. */
const options = {
  seed: 3,
  vision: { width: 128, layers: 2, heads: 2, imageSize: 24, patchSize: 8 },
  text: { width: 64, layers: 2, heads: 1, contextLength: 24 },
  embedding: 48,
  vocabulary: 512,
};
const SIZE = options.vision.imageSize;
const items = Array.from({ length: 45 }, (_, i): ImageItem => ({
  id: `image ${i}`,
  label: 0,
  load: () => Promise.reject(),
}));

/** Pixels that are a function of the image alone. */
const pixels = (item: ImageItem): Float32Array =>
  tf.tidy(
    () =>
      seededNormal([3 * SIZE * SIZE], 1, 5, item.id)
        .dataSync()
        .slice() as Float32Array,
  );

const pipeline = {
  subset: () => Promise.reject(),
  async *batches({ items: asked, batchSize }: { items: readonly ImageItem[]; batchSize: number }) {
    for (let start = 0; start < asked.length; start += batchSize) {
      const own = asked.slice(start, start + batchSize);
      const images = new Float32Array(own.length * 3 * SIZE * SIZE);
      own.forEach((item, i) => images.set(pixels(item), i * 3 * SIZE * SIZE));
      yield { items: own, images, labels: new Int32Array(own.length) };
    }
  },
};

describe.each([true, false])('an image, fast path %s', (fast) => {
  const backbone = randomClip(options, { fast, recompute: false });
  const prompt = tf.tidy(() => tf.variable(seededNormal([2, options.vision.width], 0.1, 1, 'vision')));
  let plain: Classifier;
  let alone: Map<string, Float32Array>;

  const classifierWith = (promptsVision: boolean): Classifier =>
    new Classifier({
      backbone,
      learner: {
        variables: { prompt },
        template: { before: [], after: [] },
        prompts: () => (promptsVision ? { vision: { shallow: tf.clone(prompt) as tf.Tensor2D, deep: [] } } : {}),
        dispose: () => undefined,
      },
      learnerProperties: { promptsVision, dependsOnImage: false, novelClasses: 'swap' },
      aligner: new FrozenLabels(backbone, ['ant', 'bee', 'cat', 'dog', 'eel']),
      alignerProperties: { trainsLabels: false },
      losses: [],
    });

  const featuresOf = async (asked: readonly ImageItem[]): Promise<Map<string, Float32Array>> => {
    const features = new Map<string, Float32Array>();
    const dataset = { name: 'noise', imagePolicy: 'custom' } as Dataset;
    await evaluate({ classifier: plain, pipeline: pipeline as never, dataset, items: asked, features });
    return features;
  };

  beforeAll(async () => {
    plain = classifierWith(false);
    alone = new Map();
    for (const item of items) alone.set(item.id, (await featuresOf([item])).get(item.id)!);
  });
  afterAll(() => {
    plain.dispose();
    prompt.dispose();
    backbone.dispose();
  });

  it.each([
    ['all', items],
    ['backwards', [...items].reverse()],
    ['every third', items.filter((_, i) => i % 3 === 0)],
    ['two', items.slice(20, 22)],
    ['one more than a block', items.slice(0, 33)],
  ])('has the same feature bits in whichever company: %s', async (_, asked) => {
    for (const [id, feature] of await featuresOf(asked)) expect(feature, id).toEqual(alone.get(id));
  });

  it('has the same logits in whichever company, prompts in its tower or none', () => {
    for (const promptsVision of [false, true]) {
      const classifier = classifierWith(promptsVision);
      const predictor = classifier.predictor();
      const logitsOf = (asked: readonly ImageItem[]): number[][] =>
        tf.tidy(() => {
          const values = asked.map((item) => tf.tensor3d(pixels(item), [3, SIZE, SIZE]));
          return predictor.logits({ images: tf.stack(values) as tf.Tensor4D }).arraySync();
        });
      const together = logitsOf(items);
      for (const i of [0, 7, 31, 32, 44]) expect(logitsOf([items[i]!])[0]).toEqual(together[i]);
      expect(logitsOf([...items].reverse())).toEqual([...together].reverse());
      predictor.dispose();
      classifier.dispose();
    }
  });
});
