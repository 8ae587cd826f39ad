import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  ConfigError,
  cosineLogits,
  disposeVariables,
  HeadTexts,
  linear,
  linearStart,
  normalise,
  relu,
  variablesFrom,
  type Head,
  type HeadInput,
  type NamedVariables,
  type PartContext,
} from '@promptweave/core';
import type { clipAdapterOptions } from './options.js';

const FIRST = 'adapter.fc.0';
const SECOND = 'adapter.fc.2';

/**
 * CLIP-Adapter (arXiv 2110.04544, eq. 3–5): two layers without bias see the image feature before its normalisation, and their output takes
 * the share α of it, f' = α A(f) + (1 − α) f with A(f) = ReLU(W₂ ReLU(W₁ f)).
 */
export class ClipAdapterHead implements Head {
  constructor(
    readonly classNames: readonly string[],
    private readonly texts: HeadTexts,
    /** W₁ [E / r, E] and W₂ [E, E / r]. */
    private readonly weights: NamedVariables,
    private readonly ratio: number,
    private readonly own = false,
  ) {}

  /** @throws ConfigError where the reduction leaves no hidden unit */
  static create(context: PartContext, options: z.output<typeof clipAdapterOptions>): ClipAdapterHead {
    const { classNames, backbone, seed } = context;
    const { ratio, reduction } = options;
    const { embedding } = backbone.shape;
    const hidden = Math.floor(embedding / reduction);
    if (hidden < 1) {
      throw new ConfigError(`A reduction of ${reduction} leaves nothing of the embedding width, ${embedding}.`, {
        where: 'head.reduction',
        remedy: `Take at most ${embedding}.`,
      });
    }
    const start = {
      ...linearStart(FIRST, embedding, hidden, seed),
      ...linearStart(SECOND, hidden, embedding, seed),
    };
    const { [`${FIRST}.bias`]: first, [`${SECOND}.bias`]: second, ...weights } = start;
    tf.dispose([first!, second!]); // its layers have no bias
    return new ClipAdapterHead(classNames, HeadTexts.of(context, options, 'raw'), variablesFrom(weights), ratio, true);
  }

  get variables(): NamedVariables {
    return this.own ? this.weights : {};
  }

  logits(input: HeadInput): tf.Tensor2D {
    const { rawImages, logitScale } = input;
    const { ratio } = this;
    const mixed: tf.Tensor2D = tf.add(tf.mul(this.adapted(rawImages), ratio), tf.mul(rawImages, 1 - ratio));
    return cosineLogits(normalise(mixed), this.texts.normalised(input), logitScale);
  }

  /** A(f), [B, E]. */
  adapted(rawImages: tf.Tensor2D): tf.Tensor2D {
    const weight = (name: string): tf.Tensor2D => this.weights[`${name}.weight`] as tf.Tensor as tf.Tensor2D;
    return relu(linear(relu(linear(rawImages, weight(FIRST))), weight(SECOND)));
  }

  withClasses(classNames: readonly string[]): ClipAdapterHead {
    return new ClipAdapterHead(classNames, this.texts.withClasses(classNames), this.weights, this.ratio);
  }

  dispose(): void {
    this.texts.dispose();
    disposeVariables(this.variables);
  }
}
