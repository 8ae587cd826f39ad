import { randomClip } from '@promptweave/backbone-clip';
import { checkReadme, describeGradientRule } from '@promptweave/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { clipByNorm } from './clip-by-norm.js';
import { clipped as rule, plugins } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

describeGradientRule(rule, { backbone, options: [{}, { maxNorm: 0.001 }] });

const clipped = (gradient: number[]): number[] =>
  tf.tidy(() => [...clipByNorm(1).combine(tf.tensor1d(gradient), undefined).dataSync()]);

it('leaves a short gradient as it is, and shortens a long one to the norm', () => {
  expect(clipped([0.25, -0.5])).toEqual([0.25, -0.5]);
  expect(clipped([0, 0])).toEqual([0, 0]);
  const [a, b] = clipped([30, -40]);
  expect(a).toBeCloseTo(0.6, 6);
  expect(b).toBeCloseTo(-0.8, 6);
});

it('the README has the options that there are', () => {
  checkReadme(new URL('../README.md', import.meta.url), plugins);
});
