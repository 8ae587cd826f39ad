import * as tf from '@tensorflow/tfjs-core';
import { randomClip, type ClipBackbone } from '@promptweave/backbone-clip';
import { hashSeed, type DataPipeline, type Dataset, type HostBatch, type ImageItem } from '@promptweave/core';
import {
  completeChoice,
  composeClassifier,
  lengthOf,
  Registry,
  train,
  trainingPhases,
  trainSettings,
  type Classifier,
  type PartialChoice,
} from '@promptweave/core/experiment';
import { plugins as probes } from '@promptweave/head-linear-probe';
import { bias, layerNorm, lora, plugins as tunings } from '@promptweave/method-lora';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const registry = new Registry([...probes, ...tunings].map((plugin) => ({ plugin, module: 'test', version: '0' })));
const known = ['goldfish', 'cat', 'owl'];
const novel = ['polar bear', 'ant'];
const SIZE = 16;

let backbone: ClipBackbone;
beforeAll(() => {
  backbone = randomClip({
    seed: 4,
    vision: { width: 32, layers: 2, heads: 2, imageSize: SIZE, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });
});
afterAll(() => backbone.dispose());

/** Two images of each class. */
const dataset: Dataset = {
  ...{ name: 'tiny', classNames: known, template: 'a photo {}', imagePolicy: 'custom', digest: 'tiny' },
  ...{ val: [], test: [] },
  train: known.flatMap((name, label) =>
    [0, 1].map((i): ImageItem => ({ id: `${name}/${i}`, label, load: () => Promise.resolve(Buffer.alloc(0)) })),
  ),
};

const pipeline: DataPipeline = {
  subset: (whole) => whole,
  async *batches({ items, batchSize, dropLast }): AsyncGenerator<HostBatch> {
    for (let start = 0; start < items.length; start += batchSize) {
      const batch = items.slice(start, start + batchSize);
      if (dropLast && batch.length < batchSize) return;
      await Promise.resolve();
      const pixels = batch.flatMap(({ id }) =>
        Array.from({ length: 3 * SIZE * SIZE }, (_, i) => hashSeed(1, `${id} ${i}`) / 2 ** 30 - 1),
      );
      yield { images: Float32Array.from(pixels), labels: Int32Array.from(batch, ({ label }) => label), items: batch };
    }
  },
};

/** The preset, as short as this, with faster steps. */
async function trained(preset: PartialChoice & { train?: object }, changes: object): Promise<Classifier> {
  const { train: given = {}, ...parts } = preset;
  const settings = trainSettings.parse({ ...given, batch: 3, learningRate: 0.01, stepsPerShot: 3, ...changes });
  const context = { backbone, classNames: known, template: dataset.template, shots: 2, seed: 1 };
  const classifier = composeClassifier(registry, context, { ...completeChoice(registry, parts), train: settings });
  await train({ classifier, pipeline, dataset, settings, seed: 1 });
  return classifier;
}

/** Logits of some images for some classes. */
function logits(of: Classifier, names: readonly string[] = known): number[] {
  const classifier = names === known ? of : of.withClasses(names);
  const predictor = classifier.predictor();
  const values = tf.tidy(() => {
    const images = tf.randomNormal([4, 3, SIZE, SIZE], 0, 1, 'float32', 3) as tf.Tensor4D;
    return [...predictor.logits({ images }).dataSync()];
  });
  predictor.dispose();
  if (classifier !== of) classifier.disposeOwn();
  return values;
}

const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

/** So small that nothing moves: a second stage without an effect. */
const nothing = { stepsPerShot: 1, learningRate: 1e-30, minimumLearningRate: 0 };

describe.each([layerNorm, lora, bias])('2SFS with $name', (plugin) => {
  const preset = plugin.presets!['2sfs'] as unknown as PartialChoice & { train: object };

  it('begins its second stage with the logits of the first, and moves those of trained classes alone', async () => {
    const first = await trained({ ...preset, head: { use: 'cosine' } }, { then: undefined });
    const begun = await trained(preset, { then: nothing });
    const whole = await trained(preset, { then: { stepsPerShot: 8, learningRate: 0.05 } });
    expect(distance(logits(begun), logits(first))).toBeLessThan(1e-5);
    expect(distance(logits(whole), logits(first))).toBeGreaterThan(0.1);
    expect(logits(whole, novel)).toEqual(logits(begun, novel));
    expect(distance(logits(whole, novel), logits(first, novel))).toBeLessThan(1e-5);
    const both = [...novel, 'cat'];
    expect(distance(pick(logits(whole, both), 3, 2), pick(logits(whole), 3, 1))).toBeLessThan(1e-5);
    const zeroShot = composeClassifier(
      registry,
      { backbone, classNames: known, template: 'a photo of a {}.', shots: 2, seed: 1 },
      completeChoice(registry, {}),
    );
    expect(distance(logits(first, novel), logits(zeroShot, novel))).toBeGreaterThan(1e-3);
    for (const classifier of [first, begun, whole, zeroShot]) classifier.dispose();
  });

  it('is as long as the paper has it', () => {
    const settings = trainSettings.parse(preset.train);
    const context = { backbone, classNames: known, template: dataset.template, shots: 16, seed: 1 };
    const classifier = composeClassifier(registry, context, { ...completeChoice(registry, preset), train: settings });
    const shots16 = { classNames: known, train: Array.from({ length: 16 }, () => dataset.train.slice(0, 3)).flat() };
    const phases = trainingPhases(classifier, settings, shots16);
    expect(lengthOf(phases).steps).toBe(300 * 16);
    expect(phases.map(({ plan, learns }) => [plan.steps, learns])).toEqual([
      [2880, ['tuning']],
      [1920, ['head']],
    ]);
    classifier.dispose();
  });

  it('is refused in one phase, where the tuned text would have no effect', () => {
    const context = { backbone, classNames: known, template: dataset.template, shots: 2, seed: 1 };
    const choice = completeChoice(registry, preset);
    expect(() => composeClassifier(registry, context, choice)).toThrow(/does not read the text features of the step/);
    const together = trainSettings.parse({ learns: ['tuning'], then: { learns: ['tuning', 'head'] } });
    expect(() => composeClassifier(registry, context, { ...choice, train: together })).toThrow(/does not read/);
  });
});

/** One column of a matrix. */
function pick(values: readonly number[], columns: number, column: number): number[] {
  return values.filter((_, i) => i % columns === column);
}
