import * as tf from '@tensorflow/tfjs-core';
import type { Prompts } from '../contracts/prompts.js';
import type { ClassifierParts } from './classifier.js';
import { frozenText } from './frozen-texts.js';
import { cosineLogits, normalise } from './maths.js';
import { TrainingStep, type Batch } from './training-step.js';

/** Evaluation with everything that does not depend on the image computed once. */
export class Predictor {
  private readonly shared?: { readonly features: tf.Tensor2D; readonly vision?: Prompts };

  constructor(private readonly parts: ClassifierParts) {
    if (parts.learnerProperties.dependsOnImage) return;
    const { learner, aligner, texts } = parts;
    const isFrozen = Object.keys({ ...learner.variables, ...aligner.variables }).length === 0;
    const backbone = isFrozen ? frozenText(parts.backbone, texts) : parts.backbone;
    this.shared = tf.tidy(() => {
      const step = new TrainingStep({ ...parts, backbone, needs: {} }, { labels: tf.tensor1d([0], 'int32') });
      const vision = step.prompts.vision;
      return {
        features: tf.keep(tf.clone(step.texts[0]!.features)),
        vision: vision && {
          shallow: tf.keep(tf.clone(vision.shallow)),
          deep: vision.deep.map((prompt) => tf.keep(tf.clone(prompt))),
        },
      };
    });
  }

  /** Logits of images or image features, [B, C]. The caller owns the tensor. */
  logits(batch: Omit<Batch, 'labels'>): tf.Tensor2D {
    return tf.tidy(() => {
      const count = (batch.features ?? batch.images!).shape[0];
      if (!this.shared) {
        return new TrainingStep({ ...this.parts, needs: {} }, { ...batch, labels: tf.zeros([count], 'int32') }).logits;
      }
      const { backbone } = this.parts;
      const raw = batch.features ?? backbone.encodeImages(batch.images!, this.shared.vision);
      return cosineLogits(normalise(raw), this.shared.features, backbone.logitScale);
    });
  }

  dispose(): void {
    const { features, vision } = this.shared ?? {};
    tf.dispose([features, vision?.shallow, ...(vision?.deep ?? [])].filter((tensor) => tensor !== undefined));
  }
}
