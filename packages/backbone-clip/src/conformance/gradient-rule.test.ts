import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { definePlugin, type GradientRule, type GradientsPlugin } from '@promptweave/core';
import { crossEntropy, Registry } from '@promptweave/core/experiment';
import { checkGradientRule, ConformanceError, describeGradientRule } from '@promptweave/core/testing';
import { describe, expect, it } from 'vitest';
import { backbone, failure } from './faulty-parts.test.support.js';

/** A stranger's rule: the gradient of the smoothed loss, of which a share of that of the sharp one is taken off. */
const lessSharp: GradientsPlugin = definePlugin({
  kind: 'gradients',
  name: 'less-sharp',
  description: 'Takes a share of the gradient of cross-entropy off.',
  options: z.strictObject({ share: z.number().default(0.1).describe('What is taken off.') }),
  create: (_, { share }): GradientRule => ({
    isAside: (term) => term === 'cross-entropy-2',
    combine: (total, aside) => (aside ? tf.sub(total, tf.mul(aside, share)) : total),
  }),
});

const losses = [{ plugin: crossEntropy, options: { labelSmoothing: 0.1 } }, { plugin: crossEntropy }];

describeGradientRule(lessSharp, { backbone, losses });
describeGradientRule(new Registry([]).get('gradients', 'sum'), { backbone });

/** The stranger's rule with something wrong. */
const ruleWith = (spoil: (rule: GradientRule) => Partial<GradientRule>): GradientsPlugin => ({
  ...lessSharp,
  create: (context, options) => {
    const rule = lessSharp.create(context, options);
    return { ...rule, ...spoil(rule) };
  },
});

const faultyRules: readonly [string, GradientsPlugin, RegExp][] = [
  ['puts everything aside', ruleWith(() => ({ isAside: () => true })), /It puts all terms aside|No loss/],
  [
    'puts nothing aside, though it needs losses',
    { ...ruleWith(() => ({ isAside: () => false })), needsLosses: ['cross-entropy'] },
    /It needs cross-entropy, and puts none of the terms aside/,
  ],
  ['needs a loss that the suite lacks', { ...lessSharp, needsLosses: ['mine'] }, /It needs the losses mine: give them/],
  [
    'gives another shape',
    ruleWith(() => ({ combine: (total) => tf.sum(total) })),
    /The gradient of ".*" has the shape \[\], the variable/,
  ],
  [
    'divides by 0',
    ruleWith(() => ({ combine: (total) => tf.div(total, tf.norm(total)) })),
    /Its gradient where both are 0 has the value NaN/,
  ],
  [
    'has a memory',
    ruleWith((rule) => {
      let calls = 0;
      return { combine: (total, aside) => tf.div(rule.combine(total, aside), ++calls) };
    }),
    /a training could not be resumed|hangs on those before it/,
  ],
  [
    'frees what is not its own',
    ruleWith(() => ({ combine: (total) => (tf.dispose(tf.keep(total)), tf.zeros(total.shape)) })),
    /disposed|disposes a gradient/,
  ],
  [
    'keeps a tensor at every step',
    ruleWith((rule) => ({ combine: (total, aside) => (tf.keep(tf.scalar(1)), rule.combine(total, aside)) })),
    /leaves \d+ tensors behind/,
  ],
];

describe('the suite without a test runner', () => {
  it('passes for a right rule', () => checkGradientRule(lessSharp, { backbone, losses }));

  it.each(faultyRules)('fails for one that %s', async (_, plugin, message) => {
    const error = await failure(checkGradientRule(plugin, { backbone, losses }));
    expect(error).toBeInstanceOf(ConformanceError);
    expect(error.message).toMatch(message);
  });
});
