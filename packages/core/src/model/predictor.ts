import * as tf from '@tensorflow/tfjs-core';
import type { InsertedRows, Prompts } from '../contracts/prompts.js';
import type { Batch } from '../contracts/step.js';
import { textsAreConstant, type ClassifierParts } from './classifier-parts.js';
import { Compared } from './compared.js';
import { encodeImages } from './encode-images.js';
import { ForwardPass } from './forward-pass.js';
import { frozenText } from './frozen-texts.js';
import { Blocks, FEATURES_PER_BLOCK } from './image-blocks.js';
import { keptOutcome } from './kept-outcome.js';
import { keepCopy, normalise } from './maths.js';

/** What is the same for all images. */
export interface SharedOfImages {
  /** Before normalisation, of the first template, [C, E]. */
  readonly raw: tf.Tensor2D;
  /** Normalised, [C, E]. */
  readonly features: tf.Tensor2D;
  readonly vision?: Prompts;
}

/** Evaluation with everything that does not depend on the image computed once. */
export class Predictor {
  /** Absent where the learner depends on the image. The tensors are the predictor's. */
  readonly shared?: SharedOfImages;
  private readonly images: Blocks<tf.Tensor4D>;
  private readonly features: Blocks<tf.Tensor2D>;
  private readonly cosines: Blocks<tf.Tensor2D>;

  constructor(private readonly parts: ClassifierParts) {
    const { backbone, learnerProperties } = parts;
    const { dependsOnImage } = learnerProperties;
    const perBlock = dependsOnImage ? 1 : FEATURES_PER_BLOCK;
    this.images = new Blocks(backbone.imagesPerBlock ?? 1, (images) => this.encodeBlock(images));
    this.features = new Blocks(perBlock, (features) => this.compare(features));
    this.cosines = new Blocks(perBlock, (features) => this.compareAsClip(features));
    if (!dependsOnImage) this.shared = sharedOf(parts);
  }

  /**
   * Logits of images or image features, [B, C]; those of an image do not depend on the others, to the bit. The caller owns the
   * tensor.
   */
  logits({ images, features }: Omit<Batch, 'labels'>): tf.Tensor2D {
    return tf.tidy(() => this.features.run(features ?? this.images.run(images!)));
  }

  /**
   * Image features before normalisation, beside them what else the head reads of each image, [B, E + n·V]: `features` of a batch. The caller
   * owns the tensor.
   */
  encode(images: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => this.images.run(images));
  }

  /** Cosines of the images and the classes' texts, whatever the head makes of them, [B, C]. @param features what `encode` gives */
  similarities(features: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => this.cosines.run(features));
  }

  private encodeBlock(images: tf.Tensor4D): tf.Tensor2D {
    const { features, promptRows } = encodeImages(
      this.parts,
      images,
      this.shared?.vision,
      this.parts.tuning.towers().vision,
    );
    if (!promptRows) return features;
    const rows: tf.Tensor2D = tf.reshape(promptRows, [promptRows.shape[0], -1]);
    return tf.concat([features, rows], 1);
  }

  /** @param encoded what `encode` gives, of one image where the text depends on it */
  private compare(encoded: tf.Tensor2D): tf.Tensor2D {
    const { shared, parts } = this;
    const { embedding, vision } = parts.backbone.shape;
    const rawImages: tf.Tensor2D = encoded.shape[1] > embedding ? tf.slice(encoded, [0, 0], [-1, embedding]) : encoded;
    if (!shared) {
      return new ForwardPass({ ...parts, needs: {} }, { features: rawImages, labels: tf.zeros([1], 'int32') }).answers;
    }
    const promptRows: tf.Tensor3D | undefined =
      encoded === rawImages
        ? undefined
        : tf.reshape(tf.slice(encoded, [0, embedding], [-1, -1]), [encoded.shape[0], -1, vision.width]);
    const { raw: rawTexts, features: texts } = shared;
    const { logitScale } = parts.backbone;
    return parts.head.logits(
      new Compared({ rawTexts, texts, logitScale, training: false, promptRows, rawImages: () => rawImages }),
    );
  }

  private compareAsClip(encoded: tf.Tensor2D): tf.Tensor2D {
    const { embedding } = this.parts.backbone.shape;
    const raw: tf.Tensor2D = encoded.shape[1] > embedding ? tf.slice(encoded, [0, 0], [-1, embedding]) : encoded;
    if (this.shared) return tf.matMul(normalise(raw), this.shared.features, false, true);
    const step = new ForwardPass({ ...this.parts, needs: {} }, { features: raw, labels: tf.zeros([1], 'int32') });
    return tf.div(step.cosineLogits, this.parts.backbone.logitScale);
  }

  dispose(): void {
    const { raw, features, vision } = this.shared ?? {};
    const prompts = [vision?.shallow, ...(vision?.deep ?? []), ...(vision?.inserted?.rows ?? [])];
    tf.dispose([raw, features, ...prompts].filter((tensor) => tensor !== undefined));
  }
}

/** Class features and vision prompts; the caller owns the tensors. */
function sharedOf(parts: ClassifierParts): SharedOfImages {
  const backbone = textsAreConstant(parts) ? frozenText(parts.backbone, parts.texts) : parts.backbone;
  return keptOutcome(() => {
    const step = new ForwardPass({ ...parts, backbone, needs: {} }, { labels: tf.tensor1d([0], 'int32') });
    const { vision } = step.prompts;
    const { raw, features } = step.texts[0]!;
    return {
      raw: keepCopy(raw),
      features: keepCopy(features),
      vision: vision && {
        ...(vision.shallow && { shallow: keepCopy(vision.shallow) }),
        deep: vision.deep.map(keepCopy),
        ...(vision.inserted && { inserted: keptRows(vision.inserted) }),
      },
    };
  });
}

function keptRows({ block, rows }: InsertedRows): InsertedRows {
  return { block, rows: rows.map(keepCopy) };
}
