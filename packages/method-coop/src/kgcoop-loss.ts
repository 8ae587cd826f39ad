import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  keepCopy,
  normalise,
  rowCosine,
  TextBase,
  type Loss,
  type LossTerm,
  type PartContext,
  type TrainingStep,
} from '@promptweave/core';
import type { kgcoopOptions } from './options.js';

/**
 * KgCoOp (arXiv 2303.13283, eq. 5): the mean over classes of ‖w_i − w_i^clip‖², the squared distance of the learned text
 * feature from that of the hand-crafted prompt or of descriptions, both normalised; in the released code 1 − cosine, which is half of it.
 */
export class KgCoOpLoss implements Loss {
  readonly name = 'kgcoop/knowledge';
  readonly needs = {};
  /** Normalised features of the hand-crafted prompts, [C, E]. */
  private reference?: tf.Tensor2D;

  private readonly base?: TextBase;

  /** @throws ConfigError where a class has no description, or their file cannot be read */
  constructor(
    private readonly context: PartContext,
    private readonly options: z.output<typeof kgcoopOptions>,
  ) {
    if (!options.descriptions) return;
    this.base = new TextBase(context, options, 'directions', [], `${this.name}.descriptions`);
    this.base.sentences(context.classNames);
  }

  terms(step: TrainingStep): LossTerm[] {
    const reference = (this.reference ??= tf.tidy(() => keepCopy(normalise(this.wanted(step)))));
    const distances = step.texts.map(({ features }) =>
      this.options.variant === 'released'
        ? tf.sub(1, tf.mean(rowCosine(features, reference)))
        : tf.mean(tf.sum(tf.squaredDifference(features, reference), -1)),
    );
    return [{ name: this.name, value: tf.mean(tf.stack(distances)), weight: 1 }];
  }

  /** Frozen features of the classes, [C, E]. */
  private wanted(step: TrainingStep): tf.Tensor2D {
    const { classNames, template } = this.context;
    return this.base?.features(classNames) ?? step.reference(this.options.template ?? template).encoding.features;
  }

  dispose(): void {
    this.reference?.dispose();
  }
}
