import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.js';
import { EpochAverage } from './average.js';
import type { TrainEvent } from './events.js';
import { describeStop, stopOf, withValidation } from './patience.js';
import type { PhaseSettings } from './phase-settings.js';
import { trainSettings } from './settings.js';
import { beginning, enterPhase } from './standing.js';
import { tinyClassifier, tinyDataset } from './tiny.test.support.js';
import { bits, request } from './trainer.test.support.js';
import { train } from './trainer.js';

/** After which epoch a training stops whose validation goes like this; undefined where it goes to its end. */
function stoppedAfter(accuracies: readonly number[], patience: number): number | undefined {
  const settings = { stop: { patience, on: 'val' } } as PhaseSettings;
  let { progress } = beginning();
  for (const [i, accuracy] of accuracies.entries()) {
    const [epoch, step, isLast] = [i + 1, 10 * (i + 1), i + 1 === accuracies.length];
    progress = { ...progress, ...withValidation(progress, settings, { epoch, step, accuracy, isLast }) };
    if (stopOf(progress)) return epoch;
  }
  return undefined;
}

describe('patience', () => {
  it('ends with so many evaluations in a row that are no better than the best', () => {
    expect(stoppedAfter([0.1, 0.2, 0.3, 0.4], 1)).toBeUndefined();
    expect(stoppedAfter([0.5, 0.4, 0.6, 0.6, 0.5, 0.9], 2)).toBe(5); // the same is not better
    expect(stoppedAfter([0.5, 0.4, 0.6, 0.6, 0.5, 0.9], 3)).toBeUndefined();
    expect(stoppedAfter([0.5, 0.4, 0.45, 0.49, 0.9], 1)).toBe(2);
    expect(stoppedAfter([0.5, 0.4], 1)).toBeUndefined(); // there it ends anyway
  });

  it('begins anew with a phase, and knows how the first one ended', () => {
    const standing = beginning();
    const settings = { stop: { patience: 1, on: 'val' } } as PhaseSettings;
    for (const [epoch, accuracy] of [
      [1, 0.5],
      [2, 0.4],
    ] as const) {
      const found = { epoch, step: epoch, accuracy, isLast: false };
      standing.progress = { ...standing.progress, epoch, ...withValidation(standing.progress, settings, found) };
    }
    const early = { phase: 0, epoch: 2, step: 2, patience: 1, bestEpoch: 1, bestAccuracy: 0.5 };
    expect(stopOf(standing.progress)).toEqual(early);
    expect(describeStop(early)).toBe(
      'Stopped after epoch 2: the accuracy on the validation images has not improved at 1 evaluation in a row (best: 50.0 % after epoch 1).',
    );
    enterPhase(standing, 1);
    expect(standing.progress).toMatchObject({ stops: [early] });
    expect(standing.progress.waiting).toBeUndefined();
    expect(stopOf(standing.progress)).toBeUndefined();
  });
});

describe('a training with patience', () => {
  const settings = { epochs: 12, learningRate: 3, evaluateEvery: 1, warmupEpochs: 0, augment: false };

  it('takes the same steps as one without, up to where it stops, and says so', async () => {
    const events: TrainEvent[] = [];
    const stopped = tinyClassifier();
    const outcome = await train({
      ...request(stopped, { ...settings, stop: { patience: 2 } }),
      onEvent: (event) => events.push(event),
    });
    const [early] = outcome.stops!;
    expect(early).toMatchObject({ phase: 0, patience: 2, step: outcome.step, epoch: outcome.step / 3 });
    expect(outcome).toMatchObject({ status: 'finished', steps: 36 });
    expect(outcome.step).toBeLessThan(36);
    const curve = events.flatMap((event) => (event.type === 'evaluation' ? [event.result.accuracy] : []));
    expect(curve).toHaveLength(early!.epoch);
    expect(early!.epoch).toBe(stoppedAfter([...curve, 2, 2], 2));
    expect(early!.bestAccuracy).toBe(Math.max(...curve));
    expect(events).toContainEqual({ type: 'note', message: describeStop(early!) });

    const plain = tinyClassifier();
    const controller = new AbortController();
    await train({
      ...request(plain, settings),
      signal: controller.signal,
      onEvent: (event) => event.type === 'step' && event.step === outcome.step && controller.abort(),
    });
    expect(bits(stopped)).toBe(bits(plain));
  });

  it('is refused where no validation images say when', async () => {
    const dataset = { ...tinyDataset(5), val: [] };
    const asked = { ...request(tinyClassifier(), { ...settings, stop: { patience: 2 } }), dataset };
    await expect(train(asked)).rejects.toThrow(ConfigError);
    await expect(train(asked)).rejects.toThrow('has no validation images that could say when to stop');
  });

  it('is none by default, also in what a configuration is told by', () => {
    expect(JSON.stringify(trainSettings.parse({}))).not.toContain('stop');
  });

  it('goes on no further where it had stopped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'patience-'));
    try {
      const own = { ...request(tinyClassifier(), { ...settings, stop: { patience: 1 } }), runFolder: folder };
      const first = await train(own);
      const again = tinyClassifier();
      const second = await train({
        ...request(again, { ...settings, stop: { patience: 1 } }),
        runFolder: folder,
        resume: true,
      });
      expect(second.stops).toEqual(first.stops);
      expect(second.step).toBe(first.step);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it('averages the epochs that there were', () => {
  const variable = tf.variable(tf.scalar(0));
  const means = (epochs: number, settings: ConstructorParameters<typeof EpochAverage>[0]): number => {
    const average = new EpochAverage(settings, 4);
    for (let epoch = 0; epoch < epochs; epoch++) {
      variable.assign(tf.scalar([1, 3, 8, 100][epoch]!));
      average.add({ variable }, epoch);
    }
    average.assign({ variable }, epochs);
    average.dispose();
    return variable.dataSync()[0]!;
  };
  expect(means(2, { kind: 'uniform', from: 1 })).toBeCloseTo(2, 5);
  expect(means(4, { kind: 'uniform', from: 1 })).toBeCloseTo(28, 4);
  expect(means(2, { kind: 'uniform', from: 3 })).toBe(3); // none of its epochs was reached
  expect(means(3, { kind: 'exponential', decay: 0.5 })).toBeCloseTo(0.25 + 0.25 * 3 + 0.5 * 8, 5);
  const [a, b] = [Math.exp(-0.5), 1];
  expect(means(2, { kind: 'gaussian', mean: 2, deviation: 1 })).toBeCloseTo((a + 3 * b) / (a + b), 5);
  variable.dispose();
});
