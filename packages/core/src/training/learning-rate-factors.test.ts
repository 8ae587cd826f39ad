import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Classifier } from '../model/classifier.js';
import { learningRateFactors } from './learning-rate-factors.js';
import { trainSettings } from './settings.js';
import { tinyClassifier, tinyDataset, tinyPipeline } from './tiny.test.support.js';
import { train } from './trainer.js';

const names = (...of: string[]): Record<string, tf.Variable> =>
  Object.fromEntries(of.map((name) => [name, {} as tf.Variable]));

function classifier(learningRateFactor?: number): Classifier {
  const head = { variables: names('film.scale', 'probe.weight') };
  const parts = { head, headProperties: { learningRateFactor } };
  return {
    parts,
    variables: { ...names('ctx', 'meta_net.linear1.weight'), ...head.variables },
  } as unknown as Classifier;
}

describe('learningRateFactors', () => {
  it('takes what the head brings for its variables, and for no others', () => {
    expect(learningRateFactors(classifier(6.5))).toEqual({ 'film.scale': 6.5, 'probe.weight': 6.5 });
    expect(learningRateFactors(classifier())).toEqual({});
  });

  it.each([
    ['ctx', ['ctx']],
    ['film*', ['film.scale']],
    ['*weight', ['meta_net.linear1.weight', 'probe.weight']],
    ['*', ['ctx', 'meta_net.linear1.weight', 'film.scale', 'probe.weight']],
    ['meta*1*weight', ['meta_net.linear1.weight']],
    ['*.*.*', ['meta_net.linear1.weight']],
  ])('the pattern %s', (pattern, matched) => {
    const factors = learningRateFactors(classifier(), { [pattern]: 2 });
    expect(factors).toEqual(Object.fromEntries(matched.map((name) => [name, 2])));
  });

  it('a pattern takes the place of what the head brings', () => {
    expect(learningRateFactors(classifier(6.5), { 'film*': 2 })).toEqual({ 'film.scale': 2, 'probe.weight': 6.5 });
  });

  it.each(['cxt', 'film', 'ctxctx*x', 'meta*2*weight', 'c*ctx'])('%s matches nothing, which is said', (pattern) => {
    expect(() => learningRateFactors(classifier(), { [pattern]: 2 })).toThrow(/No learned variable is named/);
  });

  it('one variable cannot have two factors', () => {
    expect(() => learningRateFactors(classifier(), { 'film*': 2, '*scale': 3 })).toThrow(
      /"film.scale" matches two patterns/,
    );
  });
});

describe('a training', () => {
  const settings = { epochs: 1, steps: 1, batch: 6, momentum: 0, weightDecay: 0, warmupEpochs: 0, learningRate: 0.5 };
  const changeOf = async (learningRateFactors?: Record<string, number>): Promise<number[]> => {
    const made = tinyClassifier();
    const start = made.variables['ctx']!.dataSync().slice();
    await train({
      ...{ classifier: made, pipeline: tinyPipeline, dataset: tinyDataset(2), seed: 1 },
      settings: trainSettings.parse({ ...settings, learningRateFactors }),
    });
    const change = [...made.variables['ctx']!.dataSync()].map((value, i) => value - start[i]!);
    made.dispose();
    return change;
  };

  it('moves a variable by as much more', async () => {
    const plain = await changeOf();
    (await changeOf({ ctx: 6.5 })).forEach((value, i) => expect(value).toBeCloseTo(6.5 * plain[i]!, 5));
    expect(Math.hypot(...plain)).toBeGreaterThan(1e-4);
  });

  it('says before it begins that a pattern matches nothing', async () => {
    await expect(changeOf({ ctxt: 2 })).rejects.toThrow(/No learned variable is named "ctxt". Did you mean `ctx`/);
  });
});
