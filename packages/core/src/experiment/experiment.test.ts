import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { resolveConfiguration, type Configuration } from '../config/index.js';
import { definePlugin } from '../plugin/define-plugin.js';
import { Registry } from '../plugin/registry.js';
import { createContainer } from './container.js';
import { createExperiment, disposeBackbones } from './experiment.js';
import {
  tinyBatch,
  tinyEmbedding,
  tinyPipeline,
  tinyPlugins,
  tinyTokenizer,
  type TinyLog,
} from './tiny-parts.test.fixture.js';
import { TOKENS } from './tokens.js';

const failing = definePlugin({
  kind: 'loss',
  name: 'failing',
  description: 'Cannot be made.',
  options: z.strictObject({}),
  create: () => {
    throw new Error('not this one');
  },
});

function program() {
  const log: TinyLog = { backbones: [], created: [], subsets: [] };
  const registry = new Registry([...tinyPlugins(log), { plugin: failing, module: 'test' }]);
  const container = createContainer(tinyPipeline(log));
  const create = (configuration: Configuration) =>
    createExperiment(resolveConfiguration({ backbone: 'tiny', dataset: 'pets', ...configuration }, { registry }), {
      container,
      registry,
      folder: '.',
    });
  return { log, container, create };
}

const before = tf.memory().numTensors;
afterEach(() => expect(tf.memory().numTensors).toBe(before));

describe('createExperiment', () => {
  it('makes every part from its own options and hands out what it made', async () => {
    const { log, container, create } = program();
    const experiment = await create({
      backbone: { use: 'tiny', grain: 2 },
      dataset: { use: 'pets', shots: 2 },
      seed: 5,
    });
    expect(log.created.map(({ kind, options }) => [kind, options])).toEqual([
      ['dataset', { path: 'pets' }],
      ['backbone', { grain: 2 }],
    ]);
    expect(log.created[0]!.context).toMatchObject({ folder: process.cwd(), seed: 5, fast: true });
    expect(log.subsets).toEqual([{ shots: 2, seed: 5, classes: 'all' }]);
    expect(experiment.backbone).toBe(log.backbones[0]);
    expect(experiment.container.resolve(TOKENS.classifier)).toBe(experiment.classifier);
    expect(experiment.container.resolve(TOKENS.dataset)).toBe(experiment.dataset);
    expect(experiment.container.resolve(TOKENS.configuration)).toBe(experiment.configuration);
    expect(container.isRegistered(TOKENS.classifier)).toBe(false);
    experiment.dispose();
  });

  it('draws images by the seed of the sample and starts values by that of the start', async () => {
    const { log, create } = program();
    const experiment = await create({ dataset: { use: 'pets', shots: 2 }, seed: 5, seeds: { sample: 6, start: 7 } });
    expect(log.subsets).toEqual([{ shots: 2, seed: 6, classes: 'all' }]);
    expect(log.created[0]!.context).toMatchObject({ seed: 7 });
    experiment.dispose();
  });

  it('shares a backbone between experiments until the program frees it', async () => {
    const { log, container, create } = program();
    const [one, two] = await Promise.all([create({}), create({})]);
    const other = await create({ backbone: { use: 'tiny', grain: 3 } });
    expect(two.backbone).toBe(one.backbone);
    expect(other.backbone).not.toBe(one.backbone);
    for (const experiment of [one, two, other]) experiment.dispose();
    expect(log.backbones.map(({ disposed }) => disposed)).toEqual([false, false]);
    await disposeBackbones(container);
    expect(log.backbones.map(({ disposed }) => disposed)).toEqual([true, true]);
  });

  it('refuses a backbone that ignores a precision that was asked for, and frees it', async () => {
    const { log, container, create } = program();
    await expect(create({ runtime: { precision: 'bfloat16' } })).rejects.toMatchObject({
      name: 'ConfigError',
      message: 'The backbone "tiny" does not compute in bfloat16.',
      where: 'runtime.precision',
    });
    expect(log.created.at(-1)!.context).toMatchObject({ precision: 'bfloat16' });
    await disposeBackbones(container);
    expect(log.backbones.map(({ disposed }) => disposed)).toEqual([true]);
  });

  it('says where auto leaves a backbone in float32 that knows nothing else', async () => {
    const { container, create } = program();
    const experiment = await create({ runtime: { precision: 'auto' } });
    expect(experiment.warnings).toEqual(['runtime.precision is auto, and the backbone "tiny" computes in float32.']);
    experiment.dispose();
    await disposeBackbones(container);
  });

  it('shares a backbone between seeds', async () => {
    const { log, container, create } = program();
    for (const seed of [1, 2]) (await create({ seed })).dispose();
    expect(log.backbones.map(({ disposed }) => disposed)).toEqual([false]);
    await disposeBackbones(container);
  });

  it('keeps the backbone in use alone: one that nobody uses gives way to another', async () => {
    const { log, container, create } = program();
    const disposed = () => log.backbones.map((backbone) => backbone.disposed);
    const used = await create({});
    (await create({})).dispose();
    await expect(create({ losses: ['failing'] })).rejects.toThrow('not this one');
    (await create({ backbone: { use: 'tiny', grain: 2 } })).dispose();
    expect(disposed()).toEqual([false, false]);
    used.dispose();
    (await create({ backbone: { use: 'tiny', grain: 3 } })).dispose();
    expect(disposed()).toEqual([true, true, false]);
    await disposeBackbones(container);
    expect(disposed()).toEqual([true, true, true]);
  });

  it('counts the images where all of them are used', async () => {
    const { log, create } = program();
    const experiment = await create({ dataset: { use: 'pets', shots: 'all' } });
    expect(log.subsets).toEqual([{ shots: undefined, seed: 1, classes: 'all' }]);
    experiment.dispose();
  });

  it('frees what it had made when a part cannot be made', async () => {
    const { create } = program();
    await expect(create({ losses: ['cross-entropy', 'failing'] })).rejects.toThrow('not this one');
  });
});

describe('a classifier without anything to learn', () => {
  const predict = async (configuration: Configuration) => {
    const experiment = await program().create(configuration);
    const { images, labels } = tinyBatch();
    const predictor = experiment.classifier.predictor();
    const logits = predictor.logits({ images });
    const loss = tf.tidy(() => {
      const step = experiment.classifier.step({ images, labels });
      return experiment.classifier.parts.losses[0]!.loss.terms(step)[0]!.value.dataSync()[0]!;
    });
    const values = logits.arraySync();
    tf.dispose([images, labels, logits]);
    predictor.dispose();
    experiment.dispose();
    return { logits: values, loss };
  };

  it('compares images with the hand-crafted prompt of each class', async () => {
    const { logits } = await predict({});
    closeTo(logits, expectedLogits(['a photo of a {}, a pet.']));
    closeTo((await predict({ prompt: { use: 'none', template: 'my {}!' } })).logits, expectedLogits(['my {}!']));
  });

  it('averages the normalised text features over the templates of an ensemble', async () => {
    const templates = ['a photo of a {}.', 'art of the {}', 'my {}!'];
    const { logits } = await predict({ prompt: { use: 'none', templates } });
    closeTo(logits, expectedLogits(templates));
  });

  it.each([0, 0.1])('has the cross-entropy of its logits, smoothed by %d', async (labelSmoothing) => {
    const { logits, loss } = await predict({ losses: [{ use: 'cross-entropy', labelSmoothing }] });
    expect(loss).toBeCloseTo(crossEntropyOf(logits, [0, 1, 1, 0], labelSmoothing), 4);
  });
});

function closeTo(found: number[][], expected: number[][]): void {
  found.flat().forEach((value, index) => expect(value).toBeCloseTo(expected.flat()[index]!, 4));
}

/** The same in plain numbers: sums of embeddings, unit length, mean over templates, unit length, cosine times scale. */
function expectedLogits(templates: readonly string[]): number[][] {
  const texts = ['tabby cat', 'dog'].map((name) =>
    unit(sum(templates.map((template) => unit(sum(rowsOf(template.replace('{}', name))))))),
  );
  const { images, labels } = tinyBatch();
  const pixels = images.arraySync();
  tf.dispose([images, labels]);
  const colours = pixels.map((image) => image.map((plane) => plane.flat().reduce((a, b) => a + b) / 4));
  return colours.map((colour) => texts.map((text) => 10 * dot(unit(colour), text)));
}

function crossEntropyOf(logits: number[][], labels: number[], smoothing: number): number {
  const losses = logits.map((row, image) => {
    const logSum = Math.log(row.reduce((total, value) => total + Math.exp(value), 0));
    const target = (index: number) => (index === labels[image] ? 1 - smoothing : 0) + smoothing / row.length;
    return -row.reduce((total, value, index) => total + target(index) * (value - logSum), 0);
  });
  return losses.reduce((a, b) => a + b) / losses.length;
}

function rowsOf(text: string): number[][] {
  const { startId, endId, encode } = tinyTokenizer;
  return [startId, ...encode(text), endId].map(tinyEmbedding);
}

function sum(rows: number[][]): number[] {
  return rows.reduce((a, b) => a.map((value, index) => value + b[index]!));
}

function dot(a: number[], b: number[]): number {
  return a.reduce((total, value, index) => total + value * b[index]!, 0);
}

function unit(row: number[]): number[] {
  return row.map((value) => value / Math.sqrt(dot(row, row)));
}
