import * as tf from '@tensorflow/tfjs-core';
import { keepCopy, normalise, rowCosine, type Loss, type LossTerm, type TrainingStep } from '@promptweave/core';

/**
 * KgCoOp (arXiv 2303.13283, eq. 5): the mean over classes of ‖w_i − w_i^clip‖², the squared distance of the learned text
 * feature from that of the hand-crafted prompt, both normalised; in the released code 1 − cosine, which is half of it.
 */
export class KgCoOpLoss implements Loss {
  readonly name = 'kgcoop/knowledge';
  readonly needs = {};
  /** Normalised features of the hand-crafted prompts, [C, E]. */
  private reference?: tf.Tensor2D;

  constructor(
    private readonly template: string,
    private readonly variant: 'paper' | 'released' = 'paper',
  ) {}

  terms(step: TrainingStep): LossTerm[] {
    this.reference ??= tf.tidy(() => {
      const { encoding } = step.reference(this.template);
      return keepCopy(normalise(encoding.features));
    });
    const reference = this.reference;
    const distances = step.texts.map(({ features }) =>
      this.variant === 'released'
        ? tf.sub(1, tf.mean(rowCosine(features, reference)))
        : tf.mean(tf.sum(tf.squaredDifference(features, reference), -1)),
    );
    return [{ name: this.name, value: tf.mean(tf.stack(distances)), weight: 1 }];
  }

  dispose(): void {
    this.reference?.dispose();
  }
}
