import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Loss, LossTerm } from '../contracts/loss.js';
import type { LossNeeds, TrainingStep } from '../contracts/step.js';
import { crossEntropyOf, oneHotRows } from '../model/maths.js';
import { definePlugin } from '../plugin/define-plugin.js';

/** Cross-entropy of the logits and the images' classes, mean over the batch; smoothing as PyTorch's. */
export class CrossEntropy implements Loss {
  readonly name = 'cross-entropy';
  readonly needs: LossNeeds = {};

  /** @param labelSmoothing share of the target that is spread over all classes, in [0, 1). */
  constructor(private readonly labelSmoothing = 0) {}

  terms({ logits, labels, classes }: TrainingStep): LossTerm[] {
    const { labelSmoothing } = this;
    const own = oneHotRows(labels, classes);
    const target: tf.Tensor2D =
      labelSmoothing === 0 ? own : tf.add(tf.mul(own, 1 - labelSmoothing), labelSmoothing / classes);
    return [{ name: this.name, value: crossEntropyOf(logits, target), weight: 1 }];
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
