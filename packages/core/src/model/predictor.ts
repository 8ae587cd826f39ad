import * as tf from '@tensorflow/tfjs-core';
import type { Prompts } from '../contracts/prompts.js';
import type { Batch } from '../contracts/step.js';
import type { ClassifierParts } from './classifier-parts.js';
import { ForwardPass } from './forward-pass.js';
import { frozenText } from './frozen-texts.js';
import { Blocks, FEATURES_PER_BLOCK } from './image-blocks.js';
import { cosineLogits, normalise } from './maths.js';

/** Evaluation with everything that does not depend on the image computed once. */
export class Predictor {
  private readonly shared?: { readonly features: tf.Tensor2D; readonly vision?: Prompts };
  private readonly images: Blocks<tf.Tensor4D>;
  private readonly features: Blocks<tf.Tensor2D>;

  constructor(private readonly parts: ClassifierParts) {
    const { backbone, learnerProperties } = parts;
    const { dependsOnImage } = learnerProperties;
    this.images = new Blocks(backbone.imagesPerBlock ?? 1, (images) =>
      backbone.encodeImages(images, this.shared?.vision),
    );
    this.features = new Blocks(dependsOnImage ? 1 : FEATURES_PER_BLOCK, (features) => this.compare(features));
    if (!dependsOnImage) this.shared = sharedOf(parts);
  }

  /**
   * Logits of images or image features, [B, C]; those of an image do not depend on the others, to the bit. The caller owns the
   * tensor.
   */
  logits({ images, features }: Omit<Batch, 'labels'>): tf.Tensor2D {
    return tf.tidy(() => this.features.run(features ?? this.images.run(images!)));
  }

  /** @param features [B, E], of one image where the text depends on it */
  private compare(features: tf.Tensor2D): tf.Tensor2D {
    const { shared, parts } = this;
    if (shared) return cosineLogits(normalise(features), shared.features, parts.backbone.logitScale);
    return new ForwardPass({ ...parts, needs: {} }, { features, labels: tf.zeros([1], 'int32') }).logits;
  }

  dispose(): void {
    const { features, vision } = this.shared ?? {};
    tf.dispose([features, vision?.shallow, ...(vision?.deep ?? [])].filter((tensor) => tensor !== undefined));
  }
}

/** Class features and vision prompts; the caller owns the tensors. */
function sharedOf(parts: ClassifierParts): { readonly features: tf.Tensor2D; readonly vision?: Prompts } {
  const { learner, aligner, texts } = parts;
  const isFrozen = Object.keys({ ...learner.variables, ...aligner.variables }).length === 0;
  const backbone = isFrozen ? frozenText(parts.backbone, texts) : parts.backbone;
  return tf.tidy(() => {
    const step = new ForwardPass({ ...parts, backbone, needs: {} }, { labels: tf.tensor1d([0], 'int32') });
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
