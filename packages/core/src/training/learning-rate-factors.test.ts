import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { Classifier } from '../model/classifier.js';
import { learningRateFactors } from './learning-rate-factors.js';

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
