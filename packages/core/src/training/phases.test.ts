import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Backbone } from '../contracts/backbone.js';
import type { Head } from '../contracts/head.js';
import type { Loss } from '../contracts/loss.js';
import type { BatchRequest } from '../contracts/pipeline.js';
import type { Tuning } from '../contracts/tuning.js';
import { ConfigError } from '../errors.js';
import { Classifier } from '../model/classifier.js';
import { cosineLogits, normalise, seededNormal } from '../model/maths.js';
import type { TrainEvent } from './events.js';
import { lengthOf, trainingPhases } from './phases.js';
import { learningRateAt } from './schedule.js';
import { trainSettings } from './settings.js';
import { classNames, tinyBackbone, tinyClassifier, tinyDataset, tinyPipeline } from './tiny.test.support.js';
import type { TrainRequest } from './train-request.js';
import { bits, dataset, request, steps, stopAfter, useFolder } from './trainer.test.support.js';
import { train } from './trainer.js';

const folder = useFolder();

/** Passes of the vision tower: of how many images each, and whether a gradient was being taken. */
interface Passes {
  readonly images: number[];
  readonly texts: number[];
}

/** The tiny backbone, which moves image features by a number of its tuning. */
function movable(passes: Passes): Backbone {
  const tiny = tinyBackbone();
  return {
    ...tiny,
    encodeText: (...of) => {
      passes.texts.push(1);
      return tiny.encodeText(...of);
    },
    encodeImages: (images, prompts, ofTuning) => {
      passes.images.push(images.shape[0]);
      const features = tiny.encodeImages(images, prompts);
      const shift = ofTuning?.tuning?.lnPost?.bias;
      return shift ? tf.add(features, shift) : features;
    },
  };
}

/** Class weights that start from the text features of the moment. */
function probe(): Head & { readonly starts: number[][] } {
  const weights = tf.tidy(() => tf.variable(seededNormal([3, 5], 1, 4, 'weights') as tf.Tensor2D));
  const starts: number[][] = [];
  const head = {
    ...{ variables: { weights }, classNames, starts },
    logits: ({ images, logitScale }) =>
      cosineLogits(images, normalise(weights as tf.Tensor as tf.Tensor2D), logitScale),
    start: (texts) => {
      starts.push([...texts.dataSync()]);
      weights.assign(texts);
    },
    withClasses: () => head,
    dispose: () => weights.dispose(),
  } as Head & { readonly starts: number[][] };
  return head;
}

/** A context, a shift of image features, and class weights. */
function composed(passes: Passes = { images: [], texts: [] }) {
  const tiny = tinyClassifier({ backbone: movable(passes) });
  const shift = tf.tidy(() => tf.variable(seededNormal([5], 0.1, 9, 'shift') as tf.Tensor1D));
  const seeds: (number | undefined)[] = [];
  const tuning: Tuning = {
    variables: { shift },
    towers: (seed) => {
      seeds.push(seed);
      return { vision: { blocks: {}, lnPost: { bias: tf.clone(shift) } } };
    },
    dispose: () => shift.dispose(),
  };
  const head = probe();
  const classifier = new Classifier({
    ...tiny.parts,
    ...{ tuning, tuningProperties: { tunesVision: true, tunesText: false } },
    ...{ head, headProperties: { novelClasses: 'swap', readsText: false, startsFromText: true, ofClasses: true } },
  });
  return { classifier, head, seeds };
}

const values = (classifier: Classifier, name: string): number[] => [...classifier.variables[name]!.dataSync()];
const eventsOf = async (part: TrainRequest): Promise<TrainEvent[]> => {
  const events: TrainEvent[] = [];
  await train({ ...part, onEvent: (event) => events.push(event) });
  return events;
};

describe('two phases', () => {
  it('teach other parts, the second with what it does not say otherwise from the first', async () => {
    const { classifier } = composed();
    const before = { ctx: values(classifier, 'ctx'), shift: values(classifier, 'shift') };
    await train(request(classifier, { epochs: 1, learningRate: 0.1, then: { learningRate: 1e-9, epochs: 2 } }));
    expect(values(classifier, 'ctx')).not.toEqual(before.ctx);
    expect(values(classifier, 'shift')).not.toEqual(before.shift);
    const only = composed().classifier;
    await train(request(only, { epochs: 1, learningRate: 0.1, learns: ['tuning'], then: { learns: ['head'] } }));
    expect(values(only, 'ctx')).toEqual(before.ctx);
    expect(values(only, 'shift')).not.toEqual(before.shift);
  });

  it('leave what was learned first as it is, to the bit', async () => {
    const settings = { epochs: 2, learningRate: 0.1 };
    const alone = composed().classifier;
    await train(
      request(alone, { ...settings, learns: ['prompt', 'labels', 'tuning'], then: { steps: 1, learningRate: 1e-9 } }),
    );
    const { classifier } = composed();
    await train(request(classifier, { ...settings, then: { epochs: 5 } }));
    for (const name of ['ctx', 'shift']) expect(values(classifier, name)).toEqual(values(alone, name));
  });

  it('begin the head with the text features of that moment, once', async () => {
    const { classifier, head } = composed();
    await train(request(classifier, { epochs: 2, learningRate: 0.1, then: { steps: 1, learningRate: 1e-9 } }));
    expect(head.starts).toHaveLength(1);
    const texts = tf.tidy(() => [
      ...classifier.step({ labels: tf.tensor1d([0], 'int32') }).texts[0]!.features.dataSync(),
    ]);
    head.starts[0]!.forEach((value, i) => expect(value).toBeCloseTo(texts[i]!, 6));
  });

  it('take the cosine until the head begins, in steps and evaluations', async () => {
    const settings = { epochs: 1, learningRate: 0.1, evaluateEvery: 1 };
    const { classifier } = composed();
    const events = await eventsOf(request(classifier, { ...settings, then: { epochs: 1 } }));
    const tiny = composed();
    const cosine = new Classifier({
      ...tinyClassifier({ backbone: movable({ images: [], texts: [] }) }).parts,
      ...{ tuning: tiny.classifier.parts.tuning, tuningProperties: { tunesVision: true, tunesText: false } },
    });
    const alone = await eventsOf(request(cosine, settings));
    const losses = (of: TrainEvent[]) => of.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
    const evaluated = (of: TrainEvent[]) => of.flatMap((event) => (event.type === 'evaluation' ? [event.result] : []));
    expect(losses(events).slice(0, 3)).toEqual(losses(alone));
    expect(evaluated(events)[0]).toEqual(evaluated(alone)[0]);
    expect(evaluated(events)).toHaveLength(2);
  });

  it('have a schedule each, and count steps and epochs on', async () => {
    const { classifier } = composed();
    const settings = trainSettings.parse({
      ...{ epochs: 2, learningRate: 0.1, warmupEpochs: 0, schedule: 'cosine-steps' },
      then: { steps: 4, learningRate: 0.01 },
    });
    const found = await steps({ ...request(classifier), settings });
    expect(found.map(({ step, steps: all }) => [step, all])).toEqual(Array.from({ length: 10 }, (_, i) => [i + 1, 10]));
    expect(found.map(({ epoch, epochs }) => [epoch, epochs])).toEqual(
      [0, 0, 0, 1, 1, 1, 2, 2, 2, 3].map((e) => [e, 4]),
    );
    const rate = (learningRate: number, all: number) => (step: number) =>
      learningRateAt({ ...settings, learningRate }, { epoch: 0, step }, { epochs: 2, steps: all });
    const expected = [...[0, 1, 2, 3, 4, 5].map(rate(0.1, 6)), ...[0, 1, 2, 3].map(rate(0.01, 4))];
    found.forEach(({ learningRate }, i) => expect(learningRate).toBeCloseTo(expected[i]!, 12));
  });

  it('have the gradient rule in both, also where what it sets aside does not depend on what learns', async () => {
    const { classifier } = composed();
    const seen: boolean[] = [];
    const texts: Loss = {
      ...{ name: 'texts', needs: {}, dispose: () => undefined },
      terms: (step) => [{ name: 'texts', value: tf.mean(step.texts[0]!.features), weight: 1 }],
    };
    const ruled = new Classifier({
      ...classifier.parts,
      losses: [...classifier.parts.losses, { loss: texts, weight: 1 }],
      rule: {
        isAside: (term) => term === 'texts',
        combine: (total, aside) => {
          seen.push(aside !== undefined);
          return tf.mul(total, 0);
        },
      },
    });
    const before = bits(ruled);
    await train(request(ruled, { epochs: 1, weightDecay: 0, then: {} }));
    expect(values(ruled, 'ctx')).toEqual(values(composed().classifier, 'ctx')); // no gradient went past the rule
    expect(bits(ruled)).not.toBe(before); // the head started from the texts
    expect(seen).toEqual([...Array.from({ length: 6 }, (_, i) => i % 2 === 0), false, false, false]);
  });

  it('refuse a learning rate factor of the second before the first begins', async () => {
    const { classifier } = composed();
    const taken: TrainEvent[] = [];
    const settings = { epochs: 1, then: { learningRateFactors: { wieghts: 2 } } };
    const training = train({ ...request(classifier, settings), onEvent: (event) => taken.push(event) });
    await expect(training).rejects.toMatchObject({ where: 'train.then.learningRateFactors' });
    expect(taken).toEqual([]);
  });

  it('refuse losses that do not depend on what learns', async () => {
    const { classifier } = composed();
    const texts: Loss = {
      ...{ name: 'texts', needs: {}, dispose: () => undefined },
      terms: (step) => [{ name: 'texts', value: tf.mean(step.texts[0]!.features), weight: 1 }],
    };
    const poor = new Classifier({ ...classifier.parts, losses: [{ loss: texts, weight: 1 }] });
    await expect(train(request(poor, { epochs: 1, then: {} }))).rejects.toThrow(
      'No loss (texts) depends on what is to be learned.',
    );
  });

  it('tell of themselves', async () => {
    const { classifier } = composed();
    const events = await eventsOf(request(classifier, { epochs: 1, then: { steps: 2 } }));
    expect(events.filter(({ type }) => type === 'start' || type === 'phase')).toEqual([
      expect.objectContaining({ type: 'start', steps: 5, epochs: 2, parameters: 12 + 5 + 15 }),
      { type: 'phase', phase: 1, phases: 2, learns: ['prompt', 'tuning'], parameters: 17, steps: 3 },
      { type: 'phase', phase: 2, phases: 2, learns: ['head'], parameters: 15, steps: 2 },
    ]);
  });

  it('pay nothing for what is frozen: one pass of each image and of the text', async () => {
    const passes: Passes = { images: [], texts: [] };
    const { classifier, seeds } = composed(passes);
    const sizes: { images: number; texts: number }[] = [];
    const onEvent = (event: TrainEvent): void => {
      if (event.type === 'phase') passes.images.length = passes.texts.length = seeds.length = 0;
      if (event.type === 'step')
        sizes.push({ images: passes.images.reduce((a, b) => a + b, 0), texts: passes.texts.length });
    };
    await train({ ...request(classifier, { epochs: 1, augment: false, then: { epochs: 4 } }), onEvent });
    const second = sizes.slice(3);
    expect(second).toHaveLength(12);
    for (const size of second) expect(size).toEqual({ images: dataset.train.length, texts: 0 });
    expect(seeds.every((seed) => seed === undefined)).toBe(true); // no dropout
  });

  it('keep nothing for a backward pass through frozen towers where images are augmented', () => {
    const { classifier } = composed();
    const settings = trainSettings.parse({ epochs: 1, then: { epochs: 1 } });
    const [, second] = trainingPhases(classifier, settings, dataset);
    expect(Object.keys(second!.classifier.variables)).toEqual(['weights']);
    expect(second!.classifier.imageFeaturesAreConstant).toBe(true);
    const images = seededNormal([2, 3, 2, 2], 1, 3, 'images') as tf.Tensor4D;
    const labels = tf.tensor1d([0, 1], 'int32');
    const whole = tf.tidy(() => [...classifier.step({ images, labels }).logits.dataSync()]);
    const phase = tf.tidy(() => [...second!.classifier.step({ images, labels }).logits.dataSync()]);
    phase.forEach((value, i) => expect(value).toBeCloseTo(whole[i]!, 5));
    second!.classifier.forget();
  });

  it('leave no tensor behind', async () => {
    const once = async (): Promise<void> => {
      const { classifier } = composed();
      await train(request(classifier, { epochs: 1, then: { epochs: 1 } }));
      classifier.dispose();
      classifier.parts.backbone.dispose();
    };
    await once();
    const { numTensors } = tf.memory();
    await once();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  const variants: [string, Record<string, unknown>][] = [
    [
      'another optimiser',
      { epochs: 2, learningRate: 0.1, then: { epochs: 2, optimizer: 'adamw', learningRate: 0.01 } },
    ],
    ['cut short, stored features', { steps: 4, augment: false, learningRate: 0.1, then: { steps: 5 } }],
    [
      'averages',
      { epochs: 2, learningRate: 0.1, average: { kind: 'uniform' }, then: { epochs: 2, average: { kind: 'uniform' } } },
    ],
    ['the best values', { epochs: 2, learningRate: 3, evaluateEvery: 1, keep: 'best', then: {} }],
    ['the head first', { epochs: 2, learningRate: 0.1, learns: ['head'], then: { learns: ['prompt', 'tuning'] } }],
  ];

  it.each(variants)('end with the same bits wherever they were stopped: %s', async (_, settings) => {
    const whole = composed().classifier;
    const { steps: total } = await train({ ...request(whole, settings), runFolder: join(folder(), 'whole') });
    for (let stop = 1; stop < total; stop++) {
      const runFolder = join(folder(), `stop ${stop}`);
      mkdirSync(runFolder);
      const first = await train({ ...request(composed().classifier, settings), runFolder, ...stopAfter(stop) });
      expect(first).toMatchObject({ status: 'stopped', step: stop });
      const { classifier } = composed();
      const second = await train({ ...request(classifier, settings), runFolder, resume: true });
      expect(second).toMatchObject({ status: 'finished', step: total });
      expect(bits(classifier)).toBe(bits(whole));
    }
  });

  it('go on between them, where the second could not begin', async () => {
    const settings = { epochs: 1, learningRate: 0.1, average: { kind: 'uniform' }, then: { epochs: 1 } };
    const whole = composed().classifier;
    await train(request(whole, settings));
    const controller = new AbortController();
    const stopped = composed();
    const start = stopped.head.start!.bind(stopped.head);
    Object.assign(stopped.head, {
      start: (texts: tf.Tensor2D) => {
        start(texts);
        controller.abort();
        controller.signal.throwIfAborted();
      },
    });
    const first = await train({
      ...{ ...request(stopped.classifier, settings), runFolder: folder(), signal: controller.signal },
    });
    expect(first).toMatchObject({ status: 'stopped', step: 3 });
    const { classifier } = composed();
    await train({ ...request(classifier, settings), runFolder: folder(), resume: true });
    expect(bits(classifier)).toBe(bits(whole));
  });

  it('count steps that are skipped with their images as not done, and the second phase from there', async () => {
    const { classifier } = composed();
    const gone = new Set(dataset.train.slice(0, 6).map(({ id }) => id));
    const pipeline = {
      ...tinyPipeline,
      batches: (pass: BatchRequest) =>
        tinyPipeline.batches({ ...pass, items: pass.items.filter(({ id }) => !gone.has(id)) }),
    };
    const settings = { epochs: 1, learningRate: 0.1, schedule: 'cosine-steps', warmupEpochs: 0, then: { epochs: 1 } };
    const found = await steps({ ...request(classifier, settings), pipeline });
    expect(found.map(({ learningRate }) => learningRate.toFixed(3))).toEqual(['0.100', '0.075', '0.100', '0.075']);
  });

  it('are as long as their shots say', () => {
    const { classifier } = composed();
    const settings = trainSettings.parse({ stepsPerShot: 18, then: { stepsPerShot: 12 } });
    expect(lengthOf(trainingPhases(classifier, settings, dataset))).toEqual({
      steps: 18 * 5 + 12 * 5,
      epochs: 30 + 20,
    });
    const mean = { ...tinyDataset(4), train: tinyDataset(4).train.slice(0, 11) };
    expect(trainingPhases(classifier, settings, mean)[0]!.plan.steps).toBe(18 * 4);
    const fixed = trainSettings.parse({ stepsPerShot: 18, steps: 7, then: {} });
    expect(trainingPhases(classifier, fixed, dataset).map(({ plan }) => plan.steps)).toEqual([7, 7]);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['a phase without anything to learn', { then: { learns: ['labels'] } }, /Nothing learns in the second phase/],
    ['a first phase without', { learns: ['labels'], then: {} }, /Nothing learns in the first phase/],
    ['a head that never learns', { learns: ['prompt'], then: { learns: ['tuning'] } }, /The head learns in no phase/],
  ])('are refused: %s', async (_, settings, message) => {
    const { classifier } = composed();
    const training = train(request(classifier, settings));
    await expect(training).rejects.toThrow(ConfigError);
    await expect(train(request(classifier, settings))).rejects.toThrow(message);
  });
});
