import type * as tf from '@tensorflow/tfjs-core';
import type { HeadInput } from '../contracts/head.js';
import { cosineLogits, normalise } from './maths.js';
import { Once } from './once.js';

/** What {@link Compared} is made from. */
export type ComparedFeatures = Omit<HeadInput, 'images' | 'cosineLogits'>;

/** Image and text features as a head sees them. Call within `tf.tidy`. */
export class Compared implements HeadInput {
  readonly rawImages: tf.Tensor2D;
  readonly rawTexts: tf.Tensor2D;
  readonly texts: tf.Tensor2D;
  readonly logitScale: number;
  readonly training: boolean;
  readonly promptRows?: tf.Tensor3D;
  private readonly memo = new Once();

  /** @param known what somebody computes already */
  constructor(
    given: ComparedFeatures,
    private readonly known: { readonly images?: () => tf.Tensor2D; readonly cosineLogits?: () => tf.Tensor2D } = {},
  ) {
    this.rawImages = given.rawImages;
    this.rawTexts = given.rawTexts;
    this.texts = given.texts;
    this.logitScale = given.logitScale;
    this.training = given.training;
    this.promptRows = given.promptRows;
  }

  get images(): tf.Tensor2D {
    return this.memo.get('images', this.known.images ?? (() => normalise(this.rawImages)));
  }

  get cosineLogits(): tf.Tensor2D {
    const compute = (): tf.Tensor2D => cosineLogits(this.images, this.texts, this.logitScale);
    return this.memo.get('cosineLogits', this.known.cosineLogits ?? compute);
  }
}
