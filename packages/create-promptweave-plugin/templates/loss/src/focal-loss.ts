import type { Loss, LossTerm, TrainingStep } from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';

/** Keeps (1 − p)^γ off 0, where a broken power has no gradient. */
const SMALLEST = 1e-6;

/** Focal loss (arXiv 1708.02002, eq. 4): −(1 − p)^γ log p of each image's own class, mean over the batch. */
export class FocalLoss implements Loss {
  readonly name = 'PLUGIN_NAME';
  /** Nothing but logits; others ask for hidden states or anchors here. */
  readonly needs = {};

  constructor(private readonly gamma: number) {}

  terms({ logits, labels, classes }: TrainingStep): LossTerm[] {
    const isOwn = tf.cast(tf.equal(tf.expandDims(labels, 1), tf.range(0, classes, 1, 'int32')), 'float32'); // [B, C]
    const logP = tf.sum(tf.mul(isOwn, tf.logSoftmax(logits)), -1); // [B]
    const doubt = tf.maximum(tf.sub(1, tf.exp(logP)), SMALLEST);
    const ofImage = tf.neg(tf.mul(tf.pow(doubt, this.gamma), logP));
    return [{ name: this.name, value: tf.mean<tf.Scalar>(ofImage), weight: 1 }];
  }

  dispose(): void {
    // No tensors are kept.
  }
}
