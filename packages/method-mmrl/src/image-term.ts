import * as tf from '@tensorflow/tfjs-core';
import { rowCosine, type Loss, type LossNeeds, type LossTerm, type TrainingStep } from '@promptweave/core';

/** 1 − mean cosine of learned and frozen image features of the same pictures (arXiv 2503.08497, section 3.4). */
export class ImageTerm implements Loss {
  readonly name = 'mmrl/image';
  readonly needs: LossNeeds = { frozenImages: true };

  terms({ rawImageFeatures, frozenImageFeatures }: TrainingStep): LossTerm[] {
    const likeness = tf.mean<tf.Scalar>(rowCosine(rawImageFeatures, frozenImageFeatures));
    return [{ name: this.name, value: tf.sub(1, likeness), weight: 1 }];
  }

  dispose(): void {
    // There are no tensors.
  }
}
