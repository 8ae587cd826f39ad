import type * as tf from '@tensorflow/tfjs-core';
import type { HeadInput } from '../contracts/head.js';
import { cosineLogits, normalise } from './maths.js';
import { Once } from './once.js';

/** What {@link Compared} is made from. */
export interface ComparedFeatures extends Pick<
  HeadInput,
  'rawTexts' | 'texts' | 'logitScale' | 'training' | 'promptRows'
> {
  rawImages(): tf.Tensor2D;
  /** Where somebody has them already: normalised images, and the cosine's logits. */
  images?(): tf.Tensor2D;
  cosineLogits?(): tf.Tensor2D;
}

/** Image and text features as a head sees them. Call within `tf.tidy`. */
export class Compared implements HeadInput {
  private readonly memo = new Once();

  constructor(private readonly given: ComparedFeatures) {}

  get rawImages(): tf.Tensor2D {
    return this.memo.get('rawImages', () => this.given.rawImages());
  }

  get images(): tf.Tensor2D {
    return this.memo.get('images', () => this.given.images?.() ?? normalise(this.rawImages));
  }

  get rawTexts(): tf.Tensor2D {
    return this.given.rawTexts;
  }

  get texts(): tf.Tensor2D {
    return this.given.texts;
  }

  get cosineLogits(): tf.Tensor2D {
    const compute = (): tf.Tensor2D => cosineLogits(this.images, this.texts, this.logitScale);
    return this.memo.get('cosineLogits', () => this.given.cosineLogits?.() ?? compute());
  }

  get logitScale(): number {
    return this.given.logitScale;
  }

  get promptRows(): tf.Tensor3D | undefined {
    return this.given.promptRows;
  }

  get training(): boolean {
    return this.given.training;
  }
}
