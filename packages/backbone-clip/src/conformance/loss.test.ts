import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { definePlugin, type Loss, type LossPlugin } from '@promptweave/core';
import { crossEntropy, sigmoidLoss } from '@promptweave/core/experiment';
import { checkLoss, ConformanceError, describeLoss } from '@promptweave/core/testing';
import { describe, expect, it } from 'vitest';
import { backbone, failure } from './faulty-parts.test.support.js';

/** A stranger's loss: the mean square of the logits. */
const calmLoss: LossPlugin = definePlugin({
  kind: 'loss',
  name: 'calm',
  description: 'Mean square of the logits.',
  options: z.strictObject({ scale: z.number().positive().default(0.01).describe('Factor before the mean.') }),
  create: (_, { scale }): Loss => ({
    name: 'calm',
    needs: {},
    terms: (step) => [{ name: 'calm', value: tf.mul(tf.mean(tf.square(step.logits)), scale), weight: 1 }],
    dispose: () => undefined,
  }),
});

describeLoss(calmLoss, { backbone });
describeLoss(crossEntropy, { backbone, options: [{}, { labelSmoothing: 0.1 }] });
describeLoss(sigmoidLoss, { backbone, options: [{ bias: -2 }, { bias: -1, scale: 5 }] });

/** The stranger's loss with something wrong. */
const lossWith = (spoil: (loss: Loss) => Partial<Loss>): LossPlugin => ({
  ...calmLoss,
  create: (context, options) => {
    const loss = calmLoss.create(context, options);
    return { ...loss, ...spoil(loss) };
  },
});

const faultyLosses: readonly [string, LossPlugin, RegExp][] = [
  ['has another name than its plugin', lossWith(() => ({ name: 'storm' })), /The loss calls itself "storm"/],
  [
    'is not a scalar',
    lossWith(() => ({ terms: (step) => [{ name: 'a', value: tf.sum(step.logits, 0) as tf.Scalar, weight: 1 }] })),
    /Its term "a" has the shape \[4\]/,
  ],
  [
    'is not a number',
    lossWith(() => ({
      terms: (step) => [{ name: 'a', value: tf.log(tf.mul(-1, tf.sum(tf.abs(step.logits)))), weight: 1 }],
    })),
    /Its term "a" is NaN/,
  ],
  [
    'does not say what it needs',
    lossWith(() => ({ terms: (step) => [{ name: 'a', value: tf.mean(step.anchorLogits), weight: 1 }] })),
    /gives named finite terms from what it says that it needs/,
  ],
  [
    'moves with every call',
    lossWith((loss) => {
      let calls = 0;
      return { terms: (step) => loss.terms(step).map((term) => ({ ...term, value: tf.mul(term.value, ++calls) })) };
    }),
    /finite differences|when it is computed again/,
  ],
  [
    'keeps a tensor at every step',
    lossWith((loss) => ({ terms: (step) => loss.terms(step).map((term) => (tf.keep(tf.scalar(1)), term)) })),
    /A training step leaves \d+ tensors behind/,
  ],
];

describe('the suite without a test runner', () => {
  it('passes for a right loss', () => checkLoss(calmLoss, { backbone }));

  it.each(faultyLosses)('fails for one that %s', async (_, plugin, message) => {
    const error = await failure(checkLoss(plugin, { backbone }));
    expect(error).toBeInstanceOf(ConformanceError);
    expect(error.message).toMatch(message);
  });
});
