import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Loss } from '../contracts/loss.js';
import type { DataPipeline } from '../contracts/pipeline.js';
import { ConfigError, DatasetError, TrainingError } from '../errors.js';
import { imageBatches } from './batches.js';
import type { StepEvent, TrainEvent } from './events.js';
import { crossEntropy, tinyClassifier, tinyPipeline } from './tiny.test.support.js';
import { bits, dataset, request, steps, useFolder } from './trainer.test.support.js';
import type { TrainRequest } from './train-request.js';
import { train } from './trainer.js';

const folder = useFolder();

describe('train', () => {
  it('lowers the loss and reports every step', async () => {
    const found = await steps(request(tinyClassifier(), { epochs: 12, learningRate: 0.1, augment: false }));
    expect(found.map(({ step }) => step)).toEqual(Array.from({ length: 36 }, (_, i) => i + 1));
    expect(found.slice(0, 4).map(({ epoch }) => epoch)).toEqual([0, 0, 0, 1]);
    expect(found.slice(0, 4).map(({ learningRate }) => learningRate)).toEqual([1e-5, 1e-5, 1e-5, 0.1]);
    const mean = (part: StepEvent[]): number => part.reduce((total, { loss }) => total + loss, 0) / part.length;
    expect(mean(found.slice(-3))).toBeLessThan(0.7 * mean(found.slice(0, 3)));
    expect(found.at(-1)!.secondsLeft).toBe(0);
    for (const { loss, terms } of found) expect(terms).toEqual({ 'cross-entropy': loss });
  });

  it('learns in a single epoch, and says that the warm-up does not fit into it', async () => {
    const events: TrainEvent[] = [];
    const settings = { epochs: 1, batch: 1, learningRate: 0.1, augment: false };
    await train({ ...request(tinyClassifier(), settings), onEvent: (event) => events.push(event) });
    const rates = events.flatMap((event) => (event.type === 'step' ? [event.learningRate] : []));
    expect(rates).toEqual([...Array<number>(3).fill(1e-5), ...Array<number>(12).fill(0.1)]);
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings).toEqual([expect.stringContaining('its first 3 of 15 steps are the warm-up')]);
  });

  it('takes the same steps as gradient descent written down', async () => {
    const classifier = tinyClassifier();
    const expected = tinyClassifier({ backbone: classifier.parts.backbone });
    const plain = {
      epochs: 1,
      batch: 15,
      momentum: 0,
      weightDecay: 0,
      warmupEpochs: 0,
      learningRate: 0.5,
      augment: false,
    };
    await train(request(classifier, plain));
    const pass = { items: dataset.train, batchSize: 15, epoch: 0, augment: false, dropLast: false };
    const backbone = classifier.parts.backbone;
    const source = { backbone, pipeline: tinyPipeline, policy: 'custom', seed: 1, onBadImage: 'fail' } as const;
    const { value: batch } = await imageBatches(source, pass).next();
    const { gradients } = expected.gradients({
      images: tf.tensor4d(batch!.images!, [15, 3, 2, 2]),
      labels: tf.tensor1d(batch!.labels, 'int32'),
    });
    const moved = tf.sub(expected.variables['ctx']!, tf.mul(gradients['ctx']!, 0.5)).dataSync();
    const found = classifier.variables['ctx']!.dataSync();
    moved.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
  });

  it('gives the same bits for the same seed, and others for another', async () => {
    const runs = await Promise.all(
      [1, 1, 2].map(async (seed) => {
        const classifier = tinyClassifier();
        await train({ ...request(classifier, { epochs: 2 }), seed });
        return bits(classifier);
      }),
    );
    expect(runs[0]).toBe(runs[1]);
    expect(runs[2]).not.toBe(runs[0]);
  });

  it('takes the mean gradient of accumulated batches: as one large batch', async () => {
    const options = { epochs: 2, augment: false, weightDecay: 0, learningRate: 0.1 };
    const large = tinyClassifier();
    await train(request(large, { ...options, batch: 15 }));
    const small = tinyClassifier();
    const found = await steps(request(small, { ...options, batch: 5, accumulate: 3 }));
    expect(found).toHaveLength(2);
    const expected = large.variables['ctx']!.dataSync();
    small.variables['ctx']!.dataSync().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  });

  it('counts steps instead of epochs, and spans the schedule over them', async () => {
    const found = await steps(request(tinyClassifier(), { steps: 7, learningRate: 0.1 }));
    expect(found.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 1, 1, 1, 2]);
    expect(found.at(-1)!.epochs).toBe(3);
    expect(found.at(-1)!.learningRate).toBeCloseTo(0.075, 12); // 0.1 · ½ (1 + cos(π / 3))
  });

  it('leaves no tensor behind', async () => {
    for (const promptsVision of [false, true]) {
      const classifier = tinyClassifier({ promptsVision });
      const counts: number[] = [];
      await train({
        ...request(classifier, { epochs: 4, batch: 3, accumulate: 2, evaluateEvery: 1, keep: 'best' }),
        runFolder: folder(),
        onEvent: (event) => {
          if (event.type === 'step') counts.push(tf.memory().numTensors);
        },
      });
      expect(new Set(counts.slice(1)).size).toBe(1); // the first step makes the optimiser's state
      const variables = Object.keys(classifier.variables).length;
      const before = tf.memory().numTensors;
      await train(request(classifier, { epochs: 1, optimizer: 'adamw' }));
      expect(tf.memory().numTensors).toBe(before);
      expect(variables).toBe(promptsVision ? 2 : 1);
    }
  });

  it('asks for images once where their features are constant and not augmented', async () => {
    const passes: { augment: boolean; items: number }[] = [];
    const counting: DataPipeline = {
      ...tinyPipeline,
      batches: (pass) => {
        passes.push({ augment: pass.augment, items: pass.items.length });
        return tinyPipeline.batches(pass);
      },
    };
    const settings = { epochs: 3, evaluateEvery: 1 };
    const of = (options: Record<string, unknown>, promptsVision: boolean): TrainRequest => ({
      ...request(tinyClassifier({ promptsVision }), { ...settings, ...options }),
      pipeline: counting,
    });
    const nonEmpty = (): typeof passes => passes.splice(0).filter(({ items }) => items > 0);
    await train(of({ augment: false }, false));
    expect(nonEmpty()).toEqual(Array(2).fill({ augment: false, items: 15 })); // train and val, once each
    await train(of({ augment: true }, false));
    expect(nonEmpty().filter(({ augment }) => augment)).toHaveLength(3);
    await train(of({ augment: false }, true));
    expect(nonEmpty()).toHaveLength(6);
  });

  it('gives the same values from cached features as from images', async () => {
    const cached = tinyClassifier();
    await train(request(cached, { epochs: 2, augment: false }));
    const plain = tinyClassifier();
    Object.defineProperty(plain, 'imageFeaturesAreConstant', { value: false });
    await train(request(plain, { epochs: 2, augment: false }));
    const expected = plain.variables['ctx']!.dataSync();
    cached.variables['ctx']!.dataSync().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });

  it('stops on a loss that is not finite and names step, terms and learning rate', async () => {
    let calls = 0;
    const explodes: Loss = {
      ...crossEntropy,
      name: 'explodes',
      terms: (step) => {
        const [term] = crossEntropy.terms(step);
        calls += 1;
        return [{ name: 'explodes', value: tf.mul(term!.value, calls === 5 ? NaN : 0), weight: 2 }];
      },
    };
    const classifier = tinyClassifier({ losses: [crossEntropy, explodes].map((loss) => ({ loss, weight: 1 })) });
    const before = tf.memory().numTensors;
    const failure = train(request(classifier, { epochs: 5, learningRate: 0.25 }));
    await expect(failure).rejects.toThrow(TrainingError);
    await expect(failure).rejects.toThrow(
      /^The loss of step 5 is NaN: cross-entropy [\d.]+, explodes NaN \(weight 2\)\. The learning rate was 0\.25\.$/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keeps the last values by default and the best on validation where asked to', async () => {
    const options = { epochs: 6, learningRate: 3, evaluateEvery: 1, momentum: 0.5 };
    const accuracies: number[] = [];
    const values: string[] = [];
    const classifier = tinyClassifier();
    const outcome = await train({
      ...request(classifier, { ...options, keep: 'best' }),
      onEvent: (event) => {
        if (event.type !== 'evaluation') return;
        accuracies.push(event.result.accuracy);
        values.push(bits(classifier));
      },
    });
    const best = accuracies.indexOf(Math.max(...accuracies));
    expect(best).toBeLessThan(5); // otherwise this test shows nothing
    expect(outcome.best).toEqual({ epoch: best + 1, step: 3 * (best + 1), accuracy: accuracies[best] });
    expect(bits(classifier)).toBe(values[best]);
    const last = tinyClassifier();
    await train(request(last, options));
    expect(bits(last)).toBe(values[5]);
  });

  it('refuses to choose on test images or on none', async () => {
    const choosing = (settings: Record<string, unknown>, part: Partial<TrainRequest> = {}): Promise<unknown> =>
      train({ ...request(tinyClassifier(), { keep: 'best', ...settings }), ...part });
    await expect(choosing({ evaluateEvery: 0 })).rejects.toThrow(ConfigError);
    await expect(choosing({ evaluateEvery: 1, evaluateOn: 'test' })).rejects.toThrow('validation images');
    await expect(choosing({ evaluateEvery: 1 }, { dataset: { ...dataset, val: [] } })).rejects.toThrow('no val images');
    await expect(choosing({ evaluateEvery: 1 }, { dataset: { ...dataset, train: [] } })).rejects.toThrow(DatasetError);
  });

  it('learns nothing where there is nothing to learn', async () => {
    const classifier = tinyClassifier({ learner: { variables: {}, prompts: () => ({}) } });
    const outcome = await train({ ...request(classifier), runFolder: folder() });
    expect(outcome).toMatchObject({ status: 'finished', step: 0 });
  });
});
