import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variablesFrom } from '../model/variables.js';
import { EpochAverage, epochWeights } from './average.js';
import type { AverageSettings } from './settings.js';

let before: number;
beforeEach(() => (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('epochWeights', () => {
  it.each<AverageSettings>([
    { kind: 'gaussian', mean: 15, deviation: 1 },
    { kind: 'gaussian', mean: 500, deviation: 0.1 },
    { kind: 'uniform', from: 4 },
    { kind: 'uniform', from: 99 },
    { kind: 'exponential', decay: 0.9 },
    { kind: 'exponential', decay: 0 },
  ])('of %o sum to 1 for any number of epochs', (settings) => {
    for (const epochs of [1, 2, 20, 50]) expect(sum(epochWeights(settings, epochs))).toBeCloseTo(1, 12);
  });

  it('are those of a Gaussian over the epochs, from 1', () => {
    const weights = epochWeights({ kind: 'gaussian', mean: 15, deviation: 1 }, 20);
    expect(weights[14]! / weights[15]!).toBeCloseTo(Math.exp(0.5), 10);
    expect(weights[18]!).toBeCloseTo(1.34e-4, 6); // the last epochs of PromptSRC's 20 count for nothing
  });

  it('of a wide Gaussian are the plain mean', () => {
    for (const weight of epochWeights({ kind: 'gaussian', mean: 2, deviation: 1e6 }, 8))
      expect(weight).toBeCloseTo(1 / 8, 9);
  });

  it('of a moving average are those of its recurrence', () => {
    const values = [3, -1, 4, 1.5];
    const [first, ...later] = values;
    const moving = later.reduce((mean, value) => 0.75 * mean + 0.25 * value, first!);
    const weights = epochWeights({ kind: 'exponential', decay: 0.75 }, 4);
    expect(sum(values.map((value, i) => value * weights[i]!))).toBeCloseTo(moving, 12);
  });
});

describe('EpochAverage', () => {
  it('gives variables the weighted sum, also where it goes on from its state', () => {
    const { ctx } = variablesFrom({ ctx: tf.zeros([2]) });
    const settings: AverageSettings = { kind: 'uniform', from: 2 };
    const average = new EpochAverage(settings, 3);
    const resumed = new EpochAverage(settings, 3);
    [
      [100, 100],
      [1, 2],
      [3, 6],
    ].forEach((values, epoch) => {
      tf.tidy(() => ctx.assign(tf.tensor1d(values)));
      if (epoch === 2) {
        resumed.restore(average.state());
        resumed.add({ ctx }, epoch);
      }
      average.add({ ctx }, epoch);
    });
    average.assign({ ctx });
    expect([...ctx.dataSync()]).toEqual([2, 4]);
    resumed.assign({ ctx });
    expect([...ctx.dataSync()]).toEqual([2, 4]);
    average.dispose();
    resumed.dispose();
    ctx.dispose();
  });
});
