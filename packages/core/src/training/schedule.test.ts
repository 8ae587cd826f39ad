import { describe, expect, it } from 'vitest';
import { learningRateAt } from './schedule.js';

const base = { learningRate: 0.0035, schedule: 'cosine', warmupEpochs: 1, warmupLearningRate: 1e-5 } as const;

describe('learningRateAt', () => {
  it('warms up for an epoch and then follows a cosine that does not reach zero', () => {
    const expected = [1e-5, 0.0035, 0.00316577974, 0.00229077974, 0.00120922026];
    expected.forEach((rate, epoch) => expect(learningRateAt(base, epoch, 5)).toBeCloseTo(rate, 11));
  });

  it('starts the cosine at the first epoch where there is no warm-up', () => {
    expect(learningRateAt({ ...base, warmupEpochs: 0 }, 0, 2)).toBeCloseTo(0.0035, 12);
    expect(learningRateAt({ ...base, warmupEpochs: 0 }, 1, 2)).toBeCloseTo(0.00175, 12);
  });

  it('stays constant after the warm-up where asked to', () => {
    const constant = { ...base, schedule: 'constant', warmupEpochs: 2 } as const;
    expect([0, 1, 2, 9].map((epoch) => learningRateAt(constant, epoch, 10))).toEqual([1e-5, 1e-5, 0.0035, 0.0035]);
  });
});
