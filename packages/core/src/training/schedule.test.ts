import { describe, expect, it } from 'vitest';
import { learningRateAt, warmupWarning, type ScheduleSettings } from './schedule.js';

const base = { learningRate: 0.0035, schedule: 'cosine', warmupEpochs: 1, warmupLearningRate: 1e-5 } as const;
const STEPS = 10;

/** The rate of the first step of each epoch, of 10 steps each. */
function ofEpochs(settings: ScheduleSettings, epochs: number): number[] {
  const plan = { epochs, steps: STEPS * epochs };
  return Array.from({ length: epochs }, (_, epoch) => learningRateAt(settings, { epoch, step: STEPS * epoch }, plan));
}

describe('learningRateAt', () => {
  it('warms up for an epoch and then follows a cosine that does not reach zero', () => {
    const expected = [1e-5, 0.0035, 0.00316577974, 0.00229077974, 0.00120922026];
    ofEpochs(base, 5).forEach((rate, epoch) => expect(rate).toBeCloseTo(expected[epoch]!, 11));
  });

  it('warms up for the whole first of two epochs, as the authors do', () => {
    const plan = { epochs: 2, steps: 2 * STEPS };
    const rates = Array.from({ length: 2 * STEPS }, (_, step) =>
      learningRateAt(base, { epoch: Math.floor(step / STEPS), step }, plan),
    );
    expect(rates).toEqual([...Array<number>(STEPS).fill(1e-5), ...Array<number>(STEPS).fill(0.0035)]);
  });

  it('starts the cosine at the first epoch where there is no warm-up', () => {
    const [first, second] = ofEpochs({ ...base, warmupEpochs: 0 }, 2);
    expect(first).toBeCloseTo(0.0035, 12);
    expect(second).toBeCloseTo(0.00175, 12);
  });

  it('stays constant after the warm-up where asked to', () => {
    const rates = ofEpochs({ ...base, schedule: 'constant', warmupEpochs: 2 }, 10);
    expect([0, 1, 2, 9].map((epoch) => rates[epoch])).toEqual([1e-5, 1e-5, 0.0035, 0.0035]);
  });

  it('warms up within a training that the warm-up would take whole', () => {
    const ofSteps = (steps: number): number[] =>
      Array.from({ length: steps }, (_, step) => learningRateAt(base, { epoch: 0, step }, { epochs: 1, steps }));
    expect(ofSteps(10)).toEqual([1e-5, 1e-5, ...Array<number>(8).fill(0.0035)]);
    expect(ofSteps(1)).toEqual([0.0035]);
    const long = ofEpochs({ ...base, warmupEpochs: 9 }, 4);
    const without = ofEpochs({ ...base, warmupEpochs: 0 }, 4);
    expect(long).toEqual([1e-5, ...without.slice(1)]);
  });
});

describe('a cosine step by step', () => {
  const settings = { ...base, schedule: 'cosine-steps', minimumLearningRate: 1e-6, warmupEpochs: 0 } as const;

  it("has the rates of PyTorch's CosineAnnealingLR and ends at its minimum", () => {
    const steps = 50;
    for (const step of [0, 1, 25, 49]) {
      const expected = 1e-6 + ((0.0035 - 1e-6) * (1 + Math.cos((Math.PI * step) / steps))) / 2;
      expect(learningRateAt(settings, { epoch: 0, step }, { epochs: 5, steps })).toBeCloseTo(expected, 14);
    }
  });

  it('begins after the warm-up', () => {
    const plan = { epochs: 5, steps: 50 };
    const warm = { ...settings, warmupEpochs: 1 };
    expect(learningRateAt(warm, { epoch: 0, step: 9 }, plan)).toBe(1e-5);
    expect(learningRateAt(warm, { epoch: 1, step: 10 }, plan)).toBeCloseTo(0.0035, 12);
    expect(learningRateAt(warm, { epoch: 4, step: 49 }, plan)).toBeLessThan(1e-5);
  });
});

describe('warmupWarning', () => {
  it('is told where the warm-up does not fit, and only there', () => {
    expect(warmupWarning(base, { epochs: 2, steps: 20 })).toBeUndefined();
    expect(warmupWarning({ ...base, warmupEpochs: 0 }, { epochs: 1, steps: 20 })).toBeUndefined();
    expect(warmupWarning(base, { epochs: 1, steps: 20 })).toContain(
      'its first 4 of 20 steps are the warm-up, at 0.00001',
    );
    expect(warmupWarning(base, { epochs: 1, steps: 3 })).toContain('it has no warm-up');
  });
});
