import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  cosineLogits,
  keepCopy,
  normalise,
  TextBase,
  type Loss,
  type LossNeeds,
  type LossTerm,
  type PartContext,
  type TrainingStep,
} from '@promptweave/core';
import type { teacherOptions } from './options.js';

/**
 * −T² Σ_c p*_c log p_c, mean over the batch, of frozen CLIP's probabilities p* (arXiv 2205.14865, eq. 3; it lacks the teacher's entropy, which has
 * no gradient).
 */
export class TeacherLoss implements Loss {
  readonly name = 'prograd/teacher';
  readonly needs: LossNeeds = { frozenImages: true };
  /** Normalised features of the hand-crafted prompts or descriptions, [C, E]. */
  private texts?: tf.Tensor2D;

  private readonly base?: TextBase;

  /** @throws ConfigError where a class has no description, or their file cannot be read */
  constructor(
    private readonly context: PartContext,
    private readonly options: z.output<typeof teacherOptions>,
  ) {
    if (!options.descriptions) return;
    this.base = new TextBase(context, options, 'directions', [], `${this.name}.descriptions`);
    this.base.sentences(context.classNames);
  }

  terms(step: TrainingStep): LossTerm[] {
    const { temperature } = this.options;
    this.texts ??= tf.tidy(() => keepCopy(normalise(this.wanted(step))));
    const { frozenImageFeatures, logits, parts } = step;
    const teacher = cosineLogits(normalise(frozenImageFeatures), this.texts, parts.backbone.logitScale);
    const wanted = tf.softmax(tf.div(teacher, temperature));
    const ofImage = tf.sum(tf.mul(wanted, tf.logSoftmax(tf.div<tf.Tensor2D>(logits, temperature))), -1);
    return [{ name: this.name, value: tf.mul<tf.Scalar>(tf.mean(ofImage), -(temperature ** 2)), weight: 1 }];
  }

  /** Frozen features of the classes, [C, E]. */
  private wanted(step: TrainingStep): tf.Tensor2D {
    const { classNames, template } = this.context;
    return this.base?.features(classNames) ?? step.reference(this.options.template ?? template).encoding.features;
  }

  dispose(): void {
    this.texts?.dispose();
  }
}
