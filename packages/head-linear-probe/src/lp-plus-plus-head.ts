import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  cosineLogits,
  keepCopy,
  LearnedRows,
  normalise,
  TextBase,
  type Head,
  type HeadInput,
  type HeadMaterial,
  type NamedVariables,
  type PartContext,
} from '@promptweave/core';
import { blended, fitLpPlusPlus } from './fit-lp-plus-plus.js';
import type { lpPlusPlusOptions } from './options.js';
import { rowsOf } from './probe-rows.js';

type Options = z.output<typeof lpPlusPlusOptions>;

/** What the heads of all classes share. */
interface Shared {
  readonly base: TextBase;
  readonly weight: LearnedRows<tf.Tensor2D>;
  readonly bias: LearnedRows<tf.Tensor1D>;
  readonly alpha: LearnedRows<tf.Tensor1D>;
  readonly options: Options;
}

/**
 * LP++ (arXiv 2404.02285, eq. 2): a linear probe blended with the text, z_c = W_c·v + b_c + α_c (v·t_c). It fits itself before training; until
 * then W = b = 0, and α is the logit scale.
 */
export class LpPlusPlusHead implements Head {
  readonly variables: NamedVariables = {};
  /** Normalised, [C, E]. */
  private readonly texts: tf.Tensor2D;

  constructor(
    readonly classNames: readonly string[],
    private readonly shared: Shared,
    private readonly own = false,
  ) {
    this.texts = tf.tidy(() => keepCopy(normalise(shared.base.features(classNames))));
  }

  static create(context: PartContext, options: Options): LpPlusPlusHead {
    const { classNames, backbone, template } = context;
    const rows = <R extends tf.Rank>(make: () => tf.Tensor<R>): LearnedRows<tf.Tensor<R>> =>
      new LearnedRows(tf.tidy(() => tf.variable(make())) as tf.Variable & tf.Tensor<R>, classNames);
    const shared: Shared = {
      base: new TextBase(context, options, 'directions', [template]),
      weight: rows(() => tf.zeros<tf.Rank.R2>([classNames.length, backbone.shape.embedding])),
      bias: rows(() => tf.zeros<tf.Rank.R1>([classNames.length])),
      alpha: rows(() => tf.fill<tf.Rank.R1>([classNames.length], backbone.logitScale)),
      options,
    };
    return new LpPlusPlusHead(classNames, shared, true);
  }

  get fitted(): NamedVariables {
    if (!this.own) return {};
    const { weight, bias, alpha } = this.shared;
    return { 'classifier.weight': weight.learned, 'classifier.bias': bias.learned, alpha_vec: alpha.learned };
  }

  prepare({ train, validation }: HeadMaterial): void {
    const { weight, bias, alpha, options } = this.shared;
    const { epochs, textEvery, momentum, variant } = options;
    tf.tidy(() => {
      const fitted = fitLpPlusPlus({
        train: rowsOf(train, true),
        ...(validation && { validation: rowsOf(validation, true) }),
        texts: this.texts,
        ...{ epochs, textEvery, momentum },
        sumsGradients: variant === 'released',
      });
      weight.learned.assign(fitted.weight);
      bias.learned.assign(fitted.bias);
      alpha.learned.assign(fitted.alpha);
      tf.dispose({ ...fitted });
    });
  }

  logits({ images }: HeadInput): tf.Tensor2D {
    const { weight, bias, alpha } = this.shared;
    const blend = { weight: weight.get(), bias: bias.get(), alpha: alpha.get() };
    return blended(blend, images, cosineLogits(images, this.texts, 1));
  }

  withClasses(classNames: readonly string[]): LpPlusPlusHead {
    const { weight, bias, alpha } = this.shared;
    const ofClasses = {
      weight: weight.withClasses(classNames),
      bias: bias.withClasses(classNames),
      alpha: alpha.withClasses(classNames),
    };
    return new LpPlusPlusHead(classNames, { ...this.shared, ...ofClasses });
  }

  dispose(): void {
    this.texts.dispose();
    tf.dispose(Object.values(this.fitted));
  }
}
