import * as tf from '@tensorflow/tfjs-core';
import { randomClip } from '@promptweave/backbone-clip';
import { crossEntropy } from '@promptweave/core/experiment';
import { describeGradientRule, describeLoss } from '@promptweave/core/testing';
import { expect, it } from 'vitest';
import { prograd as plugin, progradTeacher } from './plugin.js';
import { prograd } from './rule.js';

const backbone = () =>
  randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

describeGradientRule(plugin, {
  backbone,
  options: [{}, { strength: 0.8 }, { strength: 0 }],
  losses: [{ plugin: crossEntropy }, { plugin: progradTeacher }],
});

describeLoss(progradTeacher, {
  backbone,
  options: [{}, { template: 'a centered photo of {}.', temperature: 2 }],
});

const combine = (a: number[], b: number[] | undefined, strength = 1): number[] =>
  tf.tidy(() => [
    ...prograd(strength)
      .combine(tf.tensor1d(a), b && tf.tensor1d(b))
      .dataSync(),
  ]);

it('leaves a gradient without conflict as it is, bit for bit', () => {
  const a = [0.1, -0.7, 1 / 3];
  const same = [...Float32Array.from(a)];
  expect(combine(a, [0.2, -0.1, 0.5])).toEqual(same);
  expect(combine(a, [0, 0, 0])).toEqual(same);
  expect(combine(a, undefined)).toEqual(same);
});

it('takes out the conflicting part, and λ of it', () => {
  expect(combine([1, -2], [0, 3])).toEqual([1, 0]);
  expect(combine([1, -2], [0, 3], 0.5)).toEqual([1, -1]);
  const random = Array.from({ length: 50 }, (_, i) => Math.sin(i * 12.9) * 3);
  const other = Array.from({ length: 50 }, (_, i) => -Math.sin(i * 12.9) + Math.cos(i * 7.1));
  const dot = combine(random, other).reduce((sum, value, i) => sum + value * other[i]!, 0);
  expect(Math.abs(dot)).toBeLessThan(1e-4);
});
