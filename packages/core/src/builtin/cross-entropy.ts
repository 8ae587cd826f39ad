import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Loss, LossTerm } from '../contracts/loss.js';
import type { LossNeeds, TrainingStep } from '../contracts/step.js';
import { definePlugin } from '../plugin/define-plugin.js';

/** Cross-entropy of the logits and the images' classes, mean over the batch; smoothing as PyTorch's. */
export class CrossEntropy implements Loss {
  readonly name = 'cross-entropy';
  readonly needs: LossNeeds = {};

  /** @param labelSmoothing share of the target that is spread over all classes, in [0, 1). */
  constructor(private readonly labelSmoothing = 0) {}

  terms({ logits, labels, classes }: TrainingStep): LossTerm[] {
    // tf.oneHot refuses a single class, which the second half of three classes is.
    const isOwn = tf.equal(tf.expandDims(labels, 1), tf.range(0, classes, 1, 'int32'));
    const oneHot = tf.cast(isOwn, 'float32'); // [B, C]
    const target = tf.add(tf.mul(oneHot, 1 - this.labelSmoothing), this.labelSmoothing / classes);
    const ofImage = tf.sum(tf.mul(target, tf.logSoftmax(logits)), -1); // [B]
    return [{ name: this.name, value: tf.neg(tf.mean<tf.Scalar>(ofImage)), weight: 1 }];
  }

  dispose(): void {
    // There are no tensors.
  }
}

/** `losses: [cross-entropy]`, always among the default losses. */
export const crossEntropy = definePlugin({
  kind: 'loss',
  name: 'cross-entropy',
  description: 'Cross-entropy of the logits and the classes of the images, mean over the batch.',
  options: z.strictObject({
    labelSmoothing: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe('Share of the target spread over all classes, in [0, 1).'),
  }),
  create: (_context, options) => new CrossEntropy(options.labelSmoothing),
});
