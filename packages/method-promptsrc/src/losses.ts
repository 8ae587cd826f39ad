import * as tf from '@tensorflow/tfjs-core';
import {
  cosineLogits,
  keepCopy,
  normalise,
  type Loss,
  type LossNeeds,
  type LossTerm,
  type PartContext,
  type TextBase,
  type TrainingStep,
} from '@promptweave/core';
import { teacherBase, teacherTexts, type TeacherOptions } from './teacher.js';

/** PromptSRC's text term (arXiv 2307.06948, eq. 3): mean |t − t*| over all classes and components, both normalised. */
export class TextTerm implements Loss {
  readonly name = 'promptsrc/text';
  readonly needs: LossNeeds = {};
  private readonly teacher: Teacher;

  constructor(context: PartContext, options: TeacherOptions) {
    this.teacher = new Teacher(context, options, this.name);
  }

  terms({ texts }: TrainingStep): LossTerm[] {
    const distances = texts.map(({ features }) => meanDistance(features, this.teacher.directions));
    return [{ name: this.name, value: tf.mean<tf.Scalar>(tf.stack(distances)), weight: 1 }];
  }

  dispose(): void {
    this.teacher.dispose();
  }
}

/** PromptSRC's image term (eq. 3): mean |v − v*| over the batch and components, both normalised, v* of the same pictures. */
export class ImageTerm implements Loss {
  readonly name = 'promptsrc/image';
  readonly needs: LossNeeds = { frozenImages: true };

  terms({ imageFeatures, frozenImageFeatures }: TrainingStep): LossTerm[] {
    return [{ name: this.name, value: meanDistance(imageFeatures, normalise(frozenImageFeatures)), weight: 1 }];
  }

  dispose(): void {
    // There are no tensors.
  }
}

/** PromptSRC's logits term (eq. 4): KL(p* ‖ p) of the frozen and the learned probabilities. */
export class LogitsTerm implements Loss {
  readonly name = 'promptsrc/logits';
  readonly needs: LossNeeds = { frozenImages: true };
  private readonly teacher: Teacher;

  /** @param per what the divergence is divided by: the number of images, or images × classes */
  constructor(
    context: PartContext,
    options: TeacherOptions,
    private readonly per: 'image' | 'element',
  ) {
    this.teacher = new Teacher(context, options, this.name);
  }

  terms(step: TrainingStep): LossTerm[] {
    const wanted = this.teacher.logits(step);
    const divergence = tf.sum(tf.mul(tf.softmax(wanted), tf.sub(tf.logSoftmax(wanted), tf.logSoftmax(step.logits))));
    const count = step.batchSize * (this.per === 'element' ? step.classes : 1);
    return [{ name: this.name, value: tf.div<tf.Scalar>(divergence, count), weight: 1 }];
  }

  dispose(): void {
    this.teacher.dispose();
  }
}

/** What frozen CLIP says, made when it is first asked for. */
class Teacher {
  private readonly base: TextBase;
  private texts?: tf.Tensor2D;

  constructor(
    private readonly context: PartContext,
    private readonly options: TeacherOptions,
    loss: string,
  ) {
    this.base = teacherBase(context, options, loss);
  }

  /** Normalised text features, [C, E]. */
  get directions(): tf.Tensor2D {
    this.texts ??= tf.tidy(() => keepCopy(normalise(teacherTexts(this.context, this.options, this.base))));
    return this.texts;
  }

  /** [B, C]. */
  logits({ frozenImageFeatures, parts }: TrainingStep): tf.Tensor2D {
    return cosineLogits(normalise(frozenImageFeatures), this.directions, parts.backbone.logitScale);
  }

  dispose(): void {
    this.texts?.dispose();
  }
}

function meanDistance(a: tf.Tensor2D, b: tf.Tensor2D): tf.Scalar {
  return tf.mean(tf.abs(tf.sub(a, b)));
}
