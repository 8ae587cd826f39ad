import * as tf from '@tensorflow/tfjs-core';
import {
  crossEntropyOf,
  disposeVariables,
  LearnedRows,
  linear,
  linearStart,
  oneHotRows,
  variablesFrom,
  type Head,
  type HeadInput,
  type LossTerm,
  type NamedVariables,
  type PartContext,
  type TrainingStep,
} from '@promptweave/core';

/** The variables; names of the authors' state dictionary. */
const IMAGE = 'film_lp_img';
const TEXT = 'film_lp_text';
const PROBE = 'linear_probe_proj';

/** What the heads of all classes share. */
interface Shared {
  readonly variables: NamedVariables;
  readonly weight: LearnedRows<tf.Tensor2D>;
  readonly bias: LearnedRows<tf.Tensor1D>;
  readonly probeWeight: number;
}

/**
 * DePT (arXiv 2309.07439, section 3): beside the cosine of the host, a linear probe with channels of its own sees image and text features
 * before their normalisation, h_v(f) = W(γ_v ⊙ f + β_v) + b and h_t(g) = W(γ_t ⊙ g + β_t) + b. Losses see the cosine; answers for trained classes
 * are (1 − λ) z + λ h_v(f), for others the cosine alone.
 */
export class DeptHead implements Head {
  constructor(
    readonly classNames: readonly string[],
    private readonly shared: Shared,
    private readonly own = false,
  ) {}

  static create({ classNames, backbone, seed }: PartContext, probeWeight: number): DeptHead {
    const { embedding } = backbone.shape;
    const variables = variablesFrom({
      ...channels(IMAGE, embedding),
      ...channels(TEXT, embedding),
      ...linearStart(PROBE, embedding, classNames.length, seed),
    });
    const weight = new LearnedRows(variables[`${PROBE}.weight`] as tf.Variable<tf.Rank.R2>, classNames);
    const bias = new LearnedRows(variables[`${PROBE}.bias`] as tf.Variable<tf.Rank.R1>, classNames);
    return new DeptHead(classNames, { variables, weight, bias, probeWeight }, true);
  }

  get variables(): NamedVariables {
    return this.own ? this.shared.variables : {};
  }

  logits({ training, cosineLogits, rawImages }: HeadInput): tf.Tensor2D {
    const { probeWeight, weight } = this.shared;
    if (training || probeWeight === 0 || !weight.complete) return cosineLogits;
    return tf.add(tf.mul(cosineLogits, 1 - probeWeight), tf.mul(this.probe(rawImages, IMAGE), probeWeight));
  }

  /** Cross-entropy of the probe, mean over the text features of the images' classes and over the images. */
  terms(step: TrainingStep): LossTerm[] {
    const { probeWeight } = this.shared;
    if (probeWeight === 0) return [];
    const logits = this.probeLogits(step);
    const labels = oneHotRows(tf.concat([step.labels, step.labels]), step.classes);
    const value = crossEntropyOf(logits, labels);
    return [{ name: 'dept/probe', value, weight: probeWeight }];
  }

  /** Logits of the probe: rows of the texts of the images' classes, then those of the images, [2B, C]. */
  probeLogits(step: TrainingStep): tf.Tensor2D {
    const texts = this.probe(
      step.ofLabels(({ raw }) => raw),
      TEXT,
    );
    return tf.concat([texts, this.probe(step.rawImageFeatures, IMAGE)]);
  }

  withClasses(classNames: readonly string[]): DeptHead {
    const { weight, bias } = this.shared;
    const ofClasses = { weight: weight.withClasses(classNames), bias: bias.withClasses(classNames) };
    return new DeptHead(classNames, { ...this.shared, ...ofClasses });
  }

  dispose(): void {
    disposeVariables(this.variables);
  }

  private probe(features: tf.Tensor2D, side: string): tf.Tensor2D {
    const { variables, weight, bias } = this.shared;
    const moved: tf.Tensor2D = tf.add(tf.mul(features, variables[`${side}.scale`]!), variables[`${side}.bias`]!);
    return linear(moved, weight.get(), bias.get());
  }
}

/** γ = 1 and β = 0. */
function channels(name: string, width: number): Record<string, tf.Tensor> {
  return { [`${name}.scale`]: tf.ones([width]), [`${name}.bias`]: tf.zeros([width]) };
}
