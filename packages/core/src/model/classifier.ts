import * as tf from '@tensorflow/tfjs-core';
import { CosineHead, cosineProperties } from '../builtin/cosine-head.js';
import { untouched } from '../builtin/no-tuning.js';
import { sumOfTerms } from '../builtin/sum-of-gradients.js';
import type { LossTerm } from '../contracts/loss.js';
import type { LabelAligner, PromptLearner } from '../contracts/parts.js';
import type { NamedVariables } from '../contracts/variables.js';
import type { Batch, StepOutcome, TrainingStep } from '../contracts/step.js';
import { ConfigError, TrainingError } from '../errors.js';
import { imagesAreConstant, LEARNING, unionOfNeeds, type ClassifierParts } from './classifier-parts.js';
import { constantAnchors, constantText, disposeConstants } from './constants.js';
import { ForwardPass, type Constants } from './forward-pass.js';
import { gradientsOf } from './gradients-of.js';
import { Predictor } from './predictor.js';
import { selectClasses } from './select-classes.js';

/** The parts of a classifier; without head, tuning and rule it compares as CLIP does. */
export type GivenParts = Omit<
  ClassifierParts,
  'needs' | 'head' | 'headProperties' | 'tuning' | 'tuningProperties' | 'rule'
> &
  Partial<Pick<ClassifierParts, 'head' | 'headProperties' | 'tuning' | 'tuningProperties' | 'rule'>>;

/** Backbone + prompt learner + label aligner + head + tuning + losses. */
export class Classifier {
  readonly parts: ClassifierParts;
  private constants?: Constants;

  /** @throws ConfigError where two parts learn a variable of the same name. */
  constructor(given: GivenParts) {
    this.parts = {
      head: new CosineHead(given.aligner.classNames),
      headProperties: cosineProperties,
      tuning: untouched,
      tuningProperties: { tunesVision: false, tunesText: false },
      rule: sumOfTerms,
      ...given,
      needs: unionOfNeeds(given.losses),
    };
    requireOwnNames(this.parts);
  }

  /** What the optimiser moves, by name. */
  get variables(): NamedVariables {
    return Object.assign({}, ...LEARNING.map((part) => this.parts[part].variables)) as NamedVariables;
  }

  /** All that was learned, by name: the variables, and what a head was fitted to besides. */
  get values(): NamedVariables {
    return { ...this.variables, ...this.parts.head.fitted };
  }

  /** How many numbers {@link values} are. */
  get learnedNumbers(): number {
    return Object.values(this.values).reduce((sum, { size }) => sum + size, 0);
  }

  /** True where image features come from the frozen tower without prompts, so that they can be computed once. */
  get imageFeaturesAreConstant(): boolean {
    return imagesAreConstant(this.parts);
  }

  /** A lazy forward pass; call within `tf.tidy`. */
  step(batch: Batch): TrainingStep {
    return new ForwardPass(this.parts, batch, { constants: this.constantsOnce() });
  }

  /**
   * Weighted sum of all losses and its gradients with respect to the variables.
   * @param seed of this step's random numbers; none are drawn without it
   */
  gradients(given: Batch, seed?: number): StepOutcome {
    const batch = this.withConstantFeatures(given);
    const { rule } = this.parts;
    const { names, ...outcome } = this.differentiate(batch, seed, (term) => !rule.isAside(term));
    if (Object.keys(outcome.gradients).length === 0) throw withoutEffect(Object.keys(outcome.terms));
    const anyAside = names.some((term) => rule.isAside(term));
    const aside = anyAside ? this.differentiate(batch, seed, (term) => rule.isAside(term)).gradients : {};
    if (batch !== given) batch.features!.dispose();
    return { ...outcome, aside };
  }

  /** Class features are computed once for the current values of the variables. Dispose it after use. */
  predictor(): Predictor {
    return new Predictor(this.parts);
  }

  /**
   * The same learner and head with the labels of other classes; context of single classes is that of the same names, all of which it must have. The
   * backbone, learner, tuning and losses stay shared with this classifier.
   */
  withClasses(classNames: readonly string[]): Classifier {
    const { aligner, head } = this.parts;
    return new Classifier({
      ...this.parts,
      learner: this.learnerOf(classNames),
      aligner: aligner.withClasses(classNames),
      head: head.withClasses(classNames),
      losses: [],
    });
  }

  private learnerOf(classNames: readonly string[]): PromptLearner {
    const { learner, learnerProperties, aligner } = this.parts;
    const swaps = learnerProperties.novelClasses === 'swap';
    return (
      learner.withClasses?.(classNames) ?? (swaps ? learner : selectClasses(learner, aligner.classNames, classNames))
    );
  }

  /** The same parts with other labels, of other classes perhaps, learner and head for these; without losses. Free the head, not the rest. */
  withLabels(aligner: LabelAligner): Classifier {
    return new Classifier({
      ...this.parts,
      learner: this.learnerOf(aligner.classNames),
      aligner,
      head: this.parts.head.withClasses(aligner.classNames),
      losses: [],
    });
  }

  /** Frees what this classifier does not share with the one that it was made from by `withClasses`. */
  disposeOwn(): void {
    this.forget();
    this.parts.aligner.dispose();
    this.parts.head.dispose();
  }

  /** Frees the learned parts and what was cached; the backbone belongs to whoever made it. */
  dispose(): void {
    this.forget();
    for (const part of LEARNING) this.parts[part].dispose();
    for (const { loss } of this.parts.losses) loss.dispose();
  }

  /** Frees what was computed once; it is computed anew where it is asked for again. */
  forget(): void {
    disposeConstants(this.constants);
    this.constants = undefined;
  }

  /** Loss terms, and the gradients of those whose names are chosen. */
  private differentiate(batch: Batch, seed: number | undefined, chosen: (term: string) => boolean) {
    const constants = this.constantsOnce();
    const { losses, head } = this.parts;
    let terms: readonly LossTerm[] = [];
    let answers: tf.Tensor1D | undefined;
    const { value, gradients } = gradientsOf(() => {
      const step = new ForwardPass(this.parts, batch, { constants, seed });
      const ofHead = head.terms?.(step) ?? [];
      const weighted = [
        ...losses.flatMap(({ loss, weight }) =>
          loss.terms(step).map((term) => ({ ...term, weight: weight * term.weight })),
        ),
        ...ofHead,
      ];
      terms = weighted.map((term) => ({ ...term, value: tf.keep(tf.clone(term.value)) }));
      answers = tf.keep(tf.argMax(step.logits, -1));
      return total(terms.filter(({ name }) => chosen(name)));
    }, this.variables);
    const names = terms.map(({ name }) => name);
    const outcome = {
      names,
      total: value.dataSync()[0]!,
      terms: Object.fromEntries(
        distinct(names).map((name, i) => [name, { value: terms[i]!.value.dataSync()[0]!, weight: terms[i]!.weight }]),
      ),
      gradients,
      correct: countEqual(answers!.dataSync(), batch.labels.dataSync()),
    };
    tf.dispose([value, answers!, ...terms.map((term) => term.value)]);
    return outcome;
  }

  /** Features that no gradient reaches are computed before the tape is on: nothing of the vision tower is kept. */
  private withConstantFeatures(batch: Batch): Batch {
    const { images, features, labels } = batch;
    if (!images || features || !this.imageFeaturesAreConstant) return batch;
    return { labels, features: tf.tidy(() => this.parts.backbone.encodeImages(images)) };
  }

  /** Text features where nothing on the text side is learned; anchors where nothing but the labels is. */
  private constantsOnce(): Constants {
    this.constants ??= { text: constantText(this.parts), anchors: constantAnchors(this.parts) };
    return this.constants;
  }
}

/** @throws ConfigError where two parts have a variable of one name */
function requireOwnNames(parts: ClassifierParts): void {
  const owners = new Map<string, string>();
  for (const part of LEARNING) {
    const { variables } = parts[part];
    const fitted = part === 'head' ? parts.head.fitted : {};
    for (const name of Object.keys({ ...variables, ...fitted })) {
      const other = owners.get(name);
      if (other)
        throw new ConfigError(`The ${other} and the ${partNames[part]} both learn a variable named "${name}".`);
      owners.set(name, partNames[part]);
    }
  }
}

const partNames = { learner: 'prompt learner', aligner: 'label aligner', head: 'head', tuning: 'tuning' } as const;

function withoutEffect(terms: readonly string[]): TrainingError {
  return new TrainingError(`No loss (${terms.join(', ')}) depends on what is to be learned.`, {
    where: 'losses',
    remedy: 'Add a loss that does, such as cross-entropy.',
  });
}

function countEqual(answers: ArrayLike<number>, labels: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < labels.length; i++) if (answers[i] === labels[i]) count += 1;
  return count;
}

/** Terms of several losses may have one name (`lamm/hierarchical` has that of `lamm/feature`): the second is told as name-2. */
function distinct(names: readonly string[]): string[] {
  return names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length;
    return before === 0 ? name : `${name}-${before + 1}`;
  });
}

function total(terms: readonly { value: tf.Scalar; weight: number }[]): tf.Scalar {
  if (terms.length === 0) return tf.scalar(0);
  const weighted = terms.map(({ value, weight }) => (weight === 1 ? value : tf.mul(value, weight)));
  return weighted.length === 1 ? (weighted[0] as tf.Scalar) : (tf.addN(weighted) as tf.Scalar);
}
