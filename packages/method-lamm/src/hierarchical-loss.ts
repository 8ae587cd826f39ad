import * as tf from '@tensorflow/tfjs-core';
import {
  differentiableProgram,
  rowCosine,
  softmax,
  type Loss,
  type LossTerm,
  type NamedTensors,
  type TrainingStep,
} from '@promptweave/core';

/** Which logits the logits-space term treats as constants. */
export type Detach = 'none' | 'learned' | 'anchor';

/** Parameter space (arXiv 2312.08212, eq. 5): Σ (token − original token)² over classes, tokens and widths. */
export function parameterTerm(step: TrainingStep): tf.Scalar {
  const { current, original } = step.parts.aligner.trained!();
  const compute = (given: NamedTensors): [tf.Scalar] => [tf.sum(tf.squaredDifference(given.current!, given.original!))];
  return differentiableProgram('lamm parameter', { current }, compute, { original })[0];
}

/**
 * Feature space (eq. 6): mean over the images of 1 − cos(text feature of the image's class, anchor of that class), the
 * anchor a constant. 0 where all images of the batch have one label.
 */
export function featureTerm(step: TrainingStep): tf.Scalar {
  const { labels } = step;
  const anchors = step.ofLabels((pass) => pass.anchors!); // [B, E]
  const features = step.ofLabels((pass) => pass.features);
  const compute = (given: NamedTensors): [tf.Scalar] => {
    const distance = tf.sub(1, tf.mean(rowCosine(given.features as tf.Tensor2D, given.anchors as tf.Tensor2D)));
    const labelsDiffer = tf.cast(tf.notEqual(tf.max(given.labels!), tf.min(given.labels!)), 'float32');
    return [tf.mul(distance, labelsDiffer)];
  };
  return differentiableProgram('lamm feature', { features }, compute, { anchors, labels })[0];
}

/** Logits space (eq. 7): T² · mean over images of −Σ softmax(z / T) log softmax(z′ / T), z learned and z′ anchor logits. */
export function logitsTerm(step: TrainingStep, temperature: number, detach: Detach): tf.Scalar {
  const { logits: learned, anchorLogits: anchor } = step;
  const compute = (given: NamedTensors): [tf.Scalar] => {
    const target = softmax(tf.div(given.learned!, temperature)); // [B, C]
    const perImage = tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(tf.div(given.anchor!, temperature))), -1));
    return [tf.mul(tf.mean<tf.Scalar>(perImage), temperature ** 2)];
  };
  const key = `lamm logits ${temperature}`;
  if (detach === 'learned') return differentiableProgram(key, { anchor }, compute, { learned })[0];
  if (detach === 'anchor') return differentiableProgram(key, { learned }, compute, { anchor })[0];
  return differentiableProgram(key, { learned, anchor }, compute)[0];
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
