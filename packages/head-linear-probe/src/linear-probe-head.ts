import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  LearnedRows,
  linear,
  type Head,
  type HeadInput,
  type HeadMaterial,
  type NamedVariables,
  type PartContext,
} from '@promptweave/core';
import { fitLogistic, searchC, type LinearClassifier } from './logistic-regression.js';
import type { linearProbeOptions } from './options.js';
import { countCorrect, rowsOf, validationOf } from './probe-rows.js';

type Options = z.output<typeof linearProbeOptions>;

/** Multinomial logistic regression on image features (arXiv 2103.00020, section 3.2); it knows no text. It fits itself before training. */
export class LinearProbeHead implements Head {
  readonly variables: NamedVariables = {};

  constructor(
    readonly classNames: readonly string[],
    private readonly weight: LearnedRows<tf.Tensor2D>,
    private readonly bias: LearnedRows<tf.Tensor1D>,
    private readonly options: Options,
    private readonly own = false,
  ) {}

  static create({ classNames, backbone }: PartContext, options: Options): LinearProbeHead {
    const { embedding } = backbone.shape;
    const weight = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R2>([classNames.length, embedding])));
    const bias = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([classNames.length])));
    const rows = [new LearnedRows(weight, classNames), new LearnedRows(bias, classNames)] as const;
    return new LinearProbeHead(classNames, ...rows, options, true);
  }

  get fitted(): NamedVariables {
    return this.own ? { 'probe.weight': this.weight.learned, 'probe.bias': this.bias.learned } : {};
  }

  prepare(material: HeadMaterial): void {
    const { C, searchSteps, iterations, tolerance, normalised } = this.options;
    tf.tidy(() => {
      const { rows, labels } = rowsOf(material.train, normalised);
      const fit = (strength: number): LinearClassifier =>
        fitLogistic(rows, labels, this.classNames.length, { C: strength, iterations, tolerance });
      if (C !== undefined) return this.take(fit(C));
      const validation = rowsOf(validationOf(material, 'head.C', 'C'), normalised);
      const fits = new Map<number, LinearClassifier>();
      const best = searchC((strength) => {
        fits.set(strength, fit(strength));
        this.take(fits.get(strength)!);
        return tf.tidy(() => countCorrect(this.judge(validation.rows), validation.labels));
      }, searchSteps);
      this.take(fits.get(best)!);
    });
  }

  logits({ images, rawImages }: HeadInput): tf.Tensor2D {
    return this.judge(this.options.normalised ? images : rawImages);
  }

  withClasses(classNames: readonly string[]): LinearProbeHead {
    const { weight, bias, options } = this;
    return new LinearProbeHead(classNames, weight.withClasses(classNames), bias.withClasses(classNames), options);
  }

  dispose(): void {
    if (this.own) tf.dispose([this.weight.learned, this.bias.learned]);
  }

  private judge(images: tf.Tensor2D): tf.Tensor2D {
    return linear(images, this.weight.get(), this.bias.get());
  }

  private take({ weight, bias }: LinearClassifier): void {
    const { shape } = this.weight.learned;
    tf.tidy(() => {
      this.weight.learned.assign(tf.tensor2d(weight, shape));
      this.bias.learned.assign(tf.tensor1d(bias));
    });
  }
}
