import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  cosineLogits,
  disposeVariables,
  keepCopy,
  LearnedRows,
  normalise,
  oneHotRows,
  TextBase,
  type Head,
  type HeadInput,
  type HeadMaterial,
  type LossTerm,
  type NamedVariables,
  type PartContext,
} from '@promptweave/core';
import type { zeroShotLinearProbeOptions } from './options.js';

type Options = z.output<typeof zeroShotLinearProbeOptions>;

/** What the optimiser moves, and the fitted weights of the constraint and their growth. */
const PROTOTYPES = 'prototypes';
const MULTIPLIERS = 'multipliers';
const PENALTY = 'penalty';

/** What the heads of all classes share. */
interface Shared {
  /** Absent where the text is that of the step. */
  readonly base?: TextBase;
  readonly prototypes: LearnedRows<tf.Tensor2D>;
  /** a_c, [C], where there is a constraint. */
  readonly multipliers?: tf.Variable<tf.Rank.R1>;
  /** ρ_c, [C], where it is adaptive. */
  readonly penalty?: tf.Variable<tf.Rank.R1>;
}

/**
 * A linear probe that starts from the text features before normalisation, w_c = g_c, with z = τ v·w_c/|w_c| (ZS-LP), and CLAP's constraint
 * (arXiv 2312.12730, eq. 5–7): + mean_c a_c |w_c − g_c|². A class that it was not trained on has its text feature. With live text it is the second
 * stage of 2SFS (arXiv 2503.11609): w_c = t_c of the classifier at that moment.
 */
export class ZeroShotLinearProbeHead implements Head {
  /** g, before normalisation, [C, E]; absent where the text is that of the step. */
  private readonly texts?: tf.Tensor2D;

  constructor(
    readonly classNames: readonly string[],
    private readonly shared: Shared,
    private readonly own = false,
  ) {
    const { base } = shared;
    if (base) this.texts = tf.tidy(() => keepCopy(base.features(classNames)));
  }

  static create(context: PartContext, options: Options): ZeroShotLinearProbeHead {
    const { classNames, template } = context;
    const base = new TextBase(context, options, 'raw', [template]);
    const variable = <R extends tf.Rank>(make: () => tf.Tensor<R>): tf.Variable<R> =>
      tf.tidy(() => tf.variable(make()));
    const ofClasses = () => variable(() => tf.zeros<tf.Rank.R1>([classNames.length]));
    const prototypes = new LearnedRows(
      variable(() => (options.text === 'live' ? normalise(base.features(classNames)) : base.features(classNames))),
      classNames,
    );
    const { constraint, text } = options;
    const shared: Shared = {
      ...(text === 'frozen' && { base }),
      prototypes,
      ...(constraint !== 'none' && { multipliers: ofClasses() }),
      ...(constraint === 'l2-adaptative' && { penalty: ofClasses() }),
    };
    return new ZeroShotLinearProbeHead(classNames, shared, true);
  }

  get variables(): NamedVariables {
    return this.own ? { [PROTOTYPES]: this.shared.prototypes.learned } : {};
  }

  get fitted(): NamedVariables {
    const { multipliers, penalty } = this.shared;
    if (!this.own) return {};
    return { ...(multipliers && { [MULTIPLIERS]: multipliers }), ...(penalty && { [PENALTY]: penalty }) };
  }

  logits(input: HeadInput): tf.Tensor2D {
    return cosineLogits(input.images, normalise(this.weights(input)), input.logitScale);
  }

  terms(): LossTerm[] {
    const { multipliers, prototypes } = this.shared;
    if (!multipliers) return [];
    const distances = tf.sum(tf.squaredDifference(prototypes.learned, this.texts!), -1);
    return [{ name: 'clap/constraint', value: tf.mean(tf.mul(multipliers, distances)), weight: 1 }];
  }

  /** a_c: the mean zero-shot probability of c on the images of c; 1 for a class without images. */
  prepare({ train, logitScale }: HeadMaterial): void {
    tf.tidy(() => {
      const logits = train.views.map((view) => this.zeroShotLogits(view, logitScale));
      const probabilities = tf.div(tf.addN(logits.map((one) => tf.softmax(one))), logits.length); // [K, C]
      const own = oneHotRows(train.labels, this.classNames.length);
      const images: tf.Tensor1D = tf.sum(own, 0);
      const mean: tf.Tensor1D = tf.divNoNan(tf.sum(tf.mul(probabilities, own), 0), images);
      this.shared.multipliers!.assign(tf.where(tf.greater(images, 0), mean, tf.onesLike(mean)) as tf.Tensor1D);
      this.shared.penalty?.assign(tf.zerosLike(images));
    });
  }

  /** Only live text is what the prototypes start from; frozen text is known from the beginning. */
  start(texts: tf.Tensor2D): void {
    if (!this.shared.base) this.shared.prototypes.learned.assign(texts);
  }

  /** The outer step: a ← max(0, a + ρ h) and ρ ← h, with h_c = |w_c − g_c|². ρ starts at 0, so the first one changes nothing. */
  endEpoch(): void {
    const { multipliers, penalty, prototypes } = this.shared;
    if (!multipliers || !penalty) return;
    tf.tidy(() => {
      const distances: tf.Tensor1D = tf.sum(tf.squaredDifference(prototypes.learned, this.texts!), -1);
      multipliers.assign(tf.relu(tf.add(multipliers, tf.mul(penalty, distances))));
      penalty.assign(distances);
    });
  }

  /** Logits by the text features alone, of image features before normalisation, [K, C]. */
  zeroShotLogits(rawImages: tf.Tensor2D, logitScale: number): tf.Tensor2D {
    return cosineLogits(normalise(rawImages), normalise(this.texts!), logitScale);
  }

  /** Text features before normalisation, [C, E], and the weights of the constraint, [C]. */
  get shown(): { readonly texts?: tf.Tensor2D; readonly multipliers?: tf.Tensor1D } {
    return { texts: this.texts, multipliers: this.shared.multipliers };
  }

  withClasses(classNames: readonly string[]): ZeroShotLinearProbeHead {
    const prototypes = this.shared.prototypes.withClasses(classNames);
    return new ZeroShotLinearProbeHead(classNames, { ...this.shared, prototypes });
  }

  dispose(): void {
    this.texts?.dispose();
    disposeVariables({ ...this.variables, ...this.fitted });
  }

  /** The prototypes; the text feature where a class has none. */
  private weights(input: HeadInput): tf.Tensor2D {
    const { prototypes } = this.shared;
    if (prototypes.complete) return prototypes.get();
    return tf.add(prototypes.get(), tf.mul(this.texts ?? input.texts, tf.sub(1, prototypes.known())));
  }
}
