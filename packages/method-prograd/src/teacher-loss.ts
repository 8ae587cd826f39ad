import * as tf from '@tensorflow/tfjs-core';
import {
  cosineLogits,
  keepCopy,
  normalise,
  type Loss,
  type LossNeeds,
  type LossTerm,
  type TrainingStep,
} from '@promptweave/core';

/**
 * −T² Σ_c p*_c log p_c, mean over the batch, of frozen CLIP's probabilities p* (arXiv 2205.14865, eq. 3; it lacks the teacher's entropy, which has
 * no gradient).
 */
export class TeacherLoss implements Loss {
  readonly name = 'prograd/teacher';
  readonly needs: LossNeeds = { frozenImages: true };
  /** Normalised features of the hand-crafted prompts, [C, E]. */
  private texts?: tf.Tensor2D;

  constructor(
    private readonly template: string,
    private readonly temperature: number,
  ) {}

  terms(step: TrainingStep): LossTerm[] {
    this.texts ??= tf.tidy(() => keepCopy(normalise(step.reference(this.template).encoding.features)));
    const { frozenImageFeatures, logits, parts } = step;
    const teacher = cosineLogits(normalise(frozenImageFeatures), this.texts, parts.backbone.logitScale);
    const wanted = tf.softmax(tf.div(teacher, this.temperature));
    const ofImage = tf.sum(tf.mul(wanted, tf.logSoftmax(tf.div<tf.Tensor2D>(logits, this.temperature))), -1);
    return [{ name: this.name, value: tf.mul<tf.Scalar>(tf.mean(ofImage), -(this.temperature ** 2)), weight: 1 }];
  }

  dispose(): void {
    this.texts?.dispose();
  }
}
