import * as tf from '@tensorflow/tfjs-core';
import { rowCosine, stopGradient, type Loss, type LossTerm, type TrainingStep } from '@promptweave/core';

/** Which logits the logits-space term treats as constants. */
export type Detach = 'none' | 'learned' | 'anchor';

/** Parameter space (arXiv 2312.08212, eq. 5): Σ (token − original token)² over classes, tokens and widths. */
export function parameterTerm(step: TrainingStep): tf.Scalar {
  const { current, original } = step.parts.aligner.trained!();
  return tf.sum(tf.squaredDifference(current, original));
}

/**
 * Feature space (eq. 6): mean over the images of 1 − cos(text feature of the image's class, anchor of that class), the
 * anchor a constant. 0 where all images of the batch have one label.
 */
export function featureTerm(step: TrainingStep): tf.Scalar {
  const anchors = stopGradient(step.ofLabels((pass) => pass.anchors!)); // [B, E]
  const distance = tf.sub(
    1,
    tf.mean(
      rowCosine(
        step.ofLabels((pass) => pass.features),
        anchors,
      ),
    ),
  );
  const labelsDiffer = tf.cast(tf.notEqual(tf.max(step.labels), tf.min(step.labels)), 'float32');
  return tf.mul(distance, labelsDiffer);
}

/** Logits space (eq. 7): T² · mean over images of −Σ softmax(z / T) log softmax(z′ / T), z learned and z′ anchor logits. */
export function logitsTerm(step: TrainingStep, temperature: number, detach: Detach): tf.Scalar {
  const learned = detach === 'learned' ? stopGradient(step.logits) : step.logits;
  const anchor = detach === 'anchor' ? stopGradient(step.anchorLogits) : step.anchorLogits;
  const target = tf.softmax(tf.div(learned, temperature)); // [B, C]
  const perImage = tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(tf.div(anchor, temperature))), -1));
  return tf.mul(tf.mean(perImage), temperature ** 2);
}

/** A loss of LAMM's terms: all three together are the hierarchical loss (eq. 8), each is a loss of its own, too. */
export class LammLoss implements Loss {
  readonly needs;

  constructor(
    readonly name: string,
    anchors: boolean,
    private readonly compute: (step: TrainingStep) => LossTerm[],
  ) {
    this.needs = { anchors };
  }

  terms(step: TrainingStep): LossTerm[] {
    return this.compute(step);
  }

  dispose(): void {}
}
