import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  cosineLogits,
  disposeVariables,
  HeadTexts,
  LearnedRows,
  normalise,
  type Head,
  type HeadInput,
  type NamedVariables,
  type PartContext,
} from '@promptweave/core';
import type { taskresOptions } from './options.js';

type Options = Pick<z.output<typeof taskresOptions>, 'alpha' | 'relative'>;

/**
 * TaskRes (arXiv 2211.10277, eq. 4): the classifier of a class is its text feature, not normalised, and a learned residual,
 * w_c = g_c + α x_c. Classes that it was not trained on have none.
 */
export class TaskResHead implements Head {
  readonly variables: NamedVariables;

  constructor(
    readonly classNames: readonly string[],
    private readonly texts: HeadTexts,
    private readonly residuals: LearnedRows<tf.Tensor2D>,
    private readonly options: Options,
    own = false,
  ) {
    this.variables = own ? { text_feature_residuals: residuals.learned } : {};
  }

  static create(context: PartContext, options: z.output<typeof taskresOptions>): TaskResHead {
    const { classNames, backbone } = context;
    const start = tf.zeros<tf.Rank.R2>([classNames.length, backbone.shape.embedding]);
    const residuals = new LearnedRows(tf.variable(start), classNames);
    start.dispose();
    return new TaskResHead(classNames, HeadTexts.of(context, options, 'raw'), residuals, options, true);
  }

  logits(input: HeadInput): tf.Tensor2D {
    return cosineLogits(input.images, normalise(this.weights(input)), input.logitScale);
  }

  /** The classifiers before normalisation, [C, E]. */
  weights(input: Pick<HeadInput, 'rawTexts'>): tf.Tensor2D {
    const { alpha, relative } = this.options;
    const base = this.texts.raw(input);
    const change = tf.mul(this.residuals.get(), alpha);
    const unit = relative ? tf.mean(tf.norm(base, 'euclidean', -1)) : undefined;
    return tf.add(base, unit ? tf.mul(change, unit) : change);
  }

  withClasses(classNames: readonly string[]): TaskResHead {
    const { texts, residuals, options } = this;
    return new TaskResHead(classNames, texts.withClasses(classNames), residuals.withClasses(classNames), options);
  }

  dispose(): void {
    this.texts.dispose();
    disposeVariables(this.variables);
  }
}
