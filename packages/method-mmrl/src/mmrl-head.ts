import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  ConfigError,
  cosineLogits,
  disposeVariables,
  normalise,
  seededNormal,
  variablesFrom,
  type Head,
  type HeadInput,
  type LossTerm,
  type NamedVariables,
  type PartContext,
  type TrainingStep,
} from '@promptweave/core';
import type { headOptions } from './options.js';

type Options = z.output<typeof headOptions>;
const PROJECTION = 'image_encoder.proj_rep';

/**
 * MMRL's two read-outs (arXiv 2503.08497, section 3.3): the class token's feature, and that of the mean of the representation tokens through a
 * projection of its own. Trained classes are told by both, others by the class token alone.
 */
export class MmrlHead implements Head {
  private constructor(
    readonly variables: NamedVariables,
    readonly classNames: readonly string[],
    private readonly trained: readonly string[],
    private readonly options: Options,
    private readonly isOwner: boolean,
  ) {}

  /** @throws ConfigError where the projection is to start from a backbone that does not give its own */
  static create(context: PartContext, options: Options): MmrlHead {
    const { classNames } = context;
    const start = options.projection === 'backbone' ? ownProjection(context) : randomProjection(context);
    return new MmrlHead(variablesFrom({ [PROJECTION]: start }), classNames, classNames, options, true);
  }

  logits(input: HeadInput): tf.Tensor2D {
    const { alpha } = this.options;
    const ofClass = cosineLogits(input.images, input.texts, this.scaleOf(input.logitScale));
    if (input.training || !this.classNames.every((name) => this.trained.includes(name))) return ofClass;
    const ofTokens = this.tokenLogits(input.promptRows!, input.texts, input.logitScale);
    return tf.add(tf.mul(ofClass, alpha), tf.mul(ofTokens, 1 - alpha));
  }

  terms({ promptRows, texts, labels, parts, classes }: TrainingStep): LossTerm[] {
    const logits = this.tokenLogits(promptRows!, texts[0]!.features, parts.backbone.logitScale);
    const isOwn = tf.cast(tf.equal(tf.expandDims(labels, 1), tf.range(0, classes, 1, 'int32')), 'float32'); // [B, C]
    const value = tf.neg(tf.mean<tf.Scalar>(tf.sum(tf.mul(isOwn, tf.logSoftmax(logits)), -1)));
    return [{ name: 'mmrl/tokens', value, weight: 1 - this.options.alpha }];
  }

  /** Features of the representation tokens before normalisation, [B, E]; of their final states [B, K, V]. */
  tokenFeatures(promptRows: tf.Tensor3D): tf.Tensor2D {
    const projection = this.variables[PROJECTION] as tf.Variable<tf.Rank.R2>;
    return tf.matMul(tf.mean<tf.Tensor2D>(promptRows, 1), projection);
  }

  /** Logits by the representation tokens, [B, C]. */
  tokenLogits(promptRows: tf.Tensor3D, texts: tf.Tensor2D, logitScale: number): tf.Tensor2D {
    return cosineLogits(normalise(this.tokenFeatures(promptRows)), texts, this.scaleOf(logitScale));
  }

  withClasses(classNames: readonly string[]): MmrlHead {
    return new MmrlHead(this.variables, classNames, this.trained, this.options, false);
  }

  dispose(): void {
    if (this.isOwner) disposeVariables(this.variables);
  }

  private scaleOf(logitScale: number): number {
    return this.options.logitScale ?? logitScale;
  }
}

function randomProjection({ backbone, seed }: PartContext): tf.Tensor {
  const { vision, embedding } = backbone.shape;
  return seededNormal([vision.width, embedding], vision.width ** -0.5, seed, PROJECTION);
}

function ownProjection({ backbone }: PartContext): tf.Tensor {
  if (backbone.tunable) return backbone.tunable.projection('vision');
  throw new ConfigError(`The backbone ${backbone.name} does not give the projection of its vision tower.`, {
    where: 'head.projection',
    remedy: 'Set head.projection to random, or take another backbone.',
  });
}
