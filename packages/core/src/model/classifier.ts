import * as tf from '@tensorflow/tfjs-core';
import type { LabelAligner, NamedVariables } from '../contracts/parts.js';
import type { LabelEmbeddings } from '../contracts/prompts.js';
import type { Batch, TrainingStep } from '../contracts/step.js';
import { ConfigError } from '../errors.js';
import { unionOfNeeds, type ClassifierParts } from './classifier-parts.js';
import { ForwardPass } from './forward-pass.js';
import { frozenText } from './frozen-texts.js';
import { Predictor } from './predictor.js';
import { selectClasses } from './select-classes.js';

/** Value of one loss term in one step, and its weight in the total. */
export interface LossValue {
  readonly value: number;
  readonly weight: number;
}

/** Outcome of the forward and backward pass of one step. */
export interface StepOutcome {
  readonly total: number;
  readonly terms: Readonly<Record<string, LossValue>>;
  /** Gradients by variable name; variables that got none are absent. The caller owns the tensors. */
  readonly gradients: Readonly<Record<string, tf.Tensor>>;
  /** Images whose own class had the largest logit. */
  readonly correct: number;
}

/** Backbone + prompt learner + label aligner + losses. */
export class Classifier {
  readonly parts: ClassifierParts;
  private constantAnchors?: tf.Tensor2D;

  /** @throws ConfigError where two parts learn a variable of the same name. */
  constructor(parts: Omit<ClassifierParts, 'needs'>) {
    this.parts = { ...parts, needs: unionOfNeeds(parts.losses) };
    const twice = Object.keys(parts.learner.variables).find((name) => name in parts.aligner.variables);
    if (twice) throw new ConfigError(`Prompt learner and label aligner both learn a variable named "${twice}".`);
  }

  /** All learned tensors by name. */
  get variables(): NamedVariables {
    return { ...this.parts.learner.variables, ...this.parts.aligner.variables };
  }

  /** True where image features come from the unprompted tower, so that they can be computed once. */
  get imageFeaturesAreConstant(): boolean {
    return !this.parts.learnerProperties.promptsVision;
  }

  /** A lazy forward pass; call within `tf.tidy`. */
  step(batch: Batch): TrainingStep {
    return new ForwardPass(this.parts, batch, this.anchorsOnce());
  }

  /** Weighted sum of all losses and its gradients with respect to the variables. */
  gradients(given: Batch): StepOutcome {
    const batch = this.withConstantFeatures(given);
    const anchors = this.anchorsOnce();
    const variables = Object.entries(this.variables);
    let terms: Record<string, { value: tf.Scalar; weight: number }> = {};
    let correct: tf.Scalar | undefined;
    const { value, grads } = tf.variableGrads(
      () => {
        const step = new ForwardPass(this.parts, batch, anchors);
        terms = {};
        for (const { loss, weight } of this.parts.losses) {
          for (const term of loss.terms(step)) {
            terms[term.name] = { value: tf.keep(tf.clone(term.value)), weight: weight * term.weight };
          }
        }
        correct = tf.keep(countCorrect(step.logits, step.labels));
        return total(Object.values(terms));
      },
      variables.map(([, variable]) => variable),
    );
    const gradients: Record<string, tf.Tensor> = {};
    for (const [name, variable] of variables) {
      const gradient = grads[variable.name];
      if (gradient) gradients[name] = gradient;
    }
    const outcome = {
      total: value.dataSync()[0]!,
      terms: Object.fromEntries(
        Object.entries(terms).map(([name, term]) => [name, { value: term.value.dataSync()[0]!, weight: term.weight }]),
      ),
      gradients,
      correct: correct!.dataSync()[0]!,
    };
    if (batch !== given) batch.features!.dispose();
    tf.dispose([value, correct!, ...Object.values(terms).map((term) => term.value)]);
    return outcome;
  }

  /** Class features are computed once for the current values of the variables. Dispose it after use. */
  predictor(): Predictor {
    return new Predictor(this.parts);
  }

  /**
   * The same learner with the labels of other classes; context of single classes is that of the same names, all of which it must have. The
   * backbone, learner and losses stay shared with this classifier.
   */
  withClasses(classNames: readonly string[]): Classifier {
    const { learner: own, learnerProperties, aligner } = this.parts;
    const swaps = learnerProperties.novelClasses === 'swap';
    const learner = swaps ? own : selectClasses(own, aligner.classNames, classNames);
    return new Classifier({ ...this.parts, learner, aligner: aligner.withClasses(classNames), losses: [] });
  }

  /** Frees the learned parts and what was cached; the backbone belongs to whoever made it. */
  dispose(): void {
    this.constantAnchors?.dispose();
    this.parts.learner.dispose();
    this.parts.aligner.dispose();
    for (const { loss } of this.parts.losses) loss.dispose();
  }

  /** Features that no gradient reaches are computed before the tape is on: nothing of the vision tower is kept. */
  private withConstantFeatures(batch: Batch): Batch {
    const { images, features, labels } = batch;
    if (!images || features || !this.imageFeaturesAreConstant) return batch;
    return { labels, features: tf.tidy(() => this.parts.backbone.encodeImages(images)) };
  }

  /** Anchors are constants where nothing but the labels is learned. */
  private anchorsOnce(): tf.Tensor2D | undefined {
    const { backbone, learner, learnerProperties, aligner, needs, texts } = this.parts;
    const constant = Object.keys(learner.variables).length === 0 && !learnerProperties.dependsOnImage;
    if (!needs.anchors || !constant) return undefined;
    this.constantAnchors ??= tf.tidy(() => {
      const parts = { ...this.parts, backbone: frozenText(backbone, texts), aligner: untrained(aligner), needs: {} };
      const noImage = { labels: tf.tensor1d([0], 'int32') };
      return tf.keep(tf.clone(new ForwardPass(parts, noImage).texts[0]!.features));
    });
    return this.constantAnchors;
  }
}

/** The anchors of an aligner as labels. */
function untrained(aligner: LabelAligner): LabelAligner {
  const { classNames } = aligner;
  const anchors = (): LabelEmbeddings => aligner.anchors();
  const withClasses = (names: readonly string[]): LabelAligner => untrained(aligner.withClasses(names));
  return { variables: {}, classNames, labels: anchors, anchors, withClasses, dispose: () => undefined };
}

function countCorrect(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  return tf.sum(tf.cast(tf.equal(tf.argMax(logits, -1), labels), 'int32'));
}

function total(terms: readonly { value: tf.Scalar; weight: number }[]): tf.Scalar {
  const weighted = terms.map(({ value, weight }) => tf.mul(value, weight));
  return weighted.length === 1 ? (weighted[0] as tf.Scalar) : (tf.addN(weighted) as tf.Scalar);
}
