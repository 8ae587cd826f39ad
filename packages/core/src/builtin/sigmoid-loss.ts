import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Loss, LossTerm } from '../contracts/loss.js';
import type { LossNeeds, TrainingStep } from '../contracts/step.js';
import { ConfigError } from '../errors.js';
import { oneHotRows } from '../model/maths.js';
import { definePlugin } from '../plugin/define-plugin.js';

/**
 * SigLIP's loss (arXiv 2303.15343, equation 1) of images and class texts: every pair is a question of its own, does the image show the
 * class? −log σ(y (z + b)) summed over the classes, mean over the images; y is 1 for the image's own class and −1 for all others.
 */
export class SigmoidLoss implements Loss {
  readonly name = 'sigmoid';
  readonly needs: LossNeeds = {};

  /**
   * @param bias b, added to the logits z
   * @param factor of the logits: the scale that is asked for, over the backbone's
   */
  constructor(
    private readonly bias: number,
    private readonly factor = 1,
  ) {}

  terms({ logits, labels, classes, batchSize }: TrainingStep): LossTerm[] {
    const scaled: tf.Tensor2D = this.factor === 1 ? logits : tf.mul(logits, this.factor);
    const z: tf.Tensor2D = tf.add(scaled, this.bias); // [B, C]
    // −log σ(−z) = softplus(z) for the other classes, softplus(z) − z for the own one.
    const all = tf.sum(tf.softplus(z));
    const own = tf.sum(tf.mul(z, oneHotRows(labels, classes)));
    return [{ name: this.name, value: tf.div(tf.sub(all, own), batchSize), weight: 1 }];
  }

  dispose(): void {
    // There are no tensors.
  }
}

/** `losses: [sigmoid]`, in the place of cross-entropy. */
export const sigmoidLoss = definePlugin({
  kind: 'loss',
  name: 'sigmoid',
  description:
    "SigLIP's loss: for each image and class, whether the image shows the class; summed over classes, mean over the batch (arXiv 2303.15343).",
  options: z.strictObject({
    scale: z
      .number()
      .positive()
      .optional()
      .describe("t: scale of the cosines in this loss. Default: the backbone's logit scale."),
    bias: z
      .number()
      .optional()
      .describe(
        "b: added to the logits. Default: the backbone's logit bias. Required where it has none; SigLIP's training began at −10.",
      ),
  }),
  create: ({ backbone }, { scale, bias = backbone.logitBias }) => {
    if (bias === undefined) {
      throw new ConfigError('The backbone has no logit bias, and the sigmoid loss needs one.', {
        where: 'losses: sigmoid.bias',
        remedy: 'Give the option bias, for example −10, with which the training of SigLIP began.',
      });
    }
    return new SigmoidLoss(bias, scale === undefined ? 1 : scale / backbone.logitScale);
  },
});
