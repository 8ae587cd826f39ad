import * as tf from '@tensorflow/tfjs-core';
import type { Dataset } from '../contracts/dataset.js';
import type { Evaluation, EvaluationSet } from '../contracts/evaluation.js';
import { canonicalJson } from '../config/canonical.js';
import { ConfigError } from '../errors.js';
import { requireRoom } from '../model/assemble-text.js';
import type { Classifier } from '../model/classifier.js';
import { checkNames } from '../model/equal-names.js';
import { hasContextByClass } from '../model/select-classes.js';
import { stepShape } from '../model/step-shape.js';
import { evaluate, type EvaluationRequest } from './evaluate.js';

/**
 * Evaluates a classifier on the classes of a set: its own, or others where its prompt learner can (`novelClasses`). A label
 * aligner keeps what it learned for the names it knows.
 *
 * @throws DatasetError where the tokenizer cannot tell two of the classes apart
 * @throws ConfigError where the prompt learner works for its own classes only: it names those that it never saw
 */
export async function evaluateSet(
  classifier: Classifier,
  { dataset, split, features }: EvaluationSet,
  given: Omit<EvaluationRequest, 'classifier' | 'dataset' | 'items'>,
): Promise<Evaluation> {
  const options = features ? { ...given, features } : given;
  const items = dataset[split];
  const other = classifierFor(classifier, dataset);
  try {
    return await evaluate({ ...options, classifier: other, dataset, items });
  } finally {
    if (other !== classifier) other.disposeOwn();
  }
}

/** Class names, and what messages call them together. */
type NamedClasses = Pick<Dataset, 'name' | 'classNames'> & Partial<Pick<Dataset, 'imagePolicy'>>;

/**
 * The classifier for the classes of a data set: the given one where they are its own, otherwise another one, to be freed by `disposeOwn`.
 *
 * @throws DatasetError where the tokenizer cannot tell two of the classes apart
 * @throws ConfigError where prompts or head work for their own classes only
 */
export function classifierFor(classifier: Classifier, dataset: NamedClasses): Classifier {
  const { aligner, learnerProperties, headProperties, backbone } = classifier.parts;
  if (canonicalJson(dataset.classNames) === canonicalJson(aligner.classNames)) return classifier;
  if (learnerProperties.novelClasses !== 'swap') checkTrained(classifier, dataset);
  if (headProperties.novelClasses === 'trained only') requireTrained(classifier, dataset, 'head');
  checkNames(backbone.tokenizer, dataset);
  return classifier.withClasses(dataset.classNames);
}

/**
 * Puts the prompts of a set's classes together without encoding them, with every template.
 * @throws what `evaluateSet` would throw for these classes: ConfigError, DatasetError
 */
export function checkSet(classifier: Classifier, { dataset }: Pick<EvaluationSet, 'dataset'>): void {
  const other = classifierFor(classifier, dataset);
  try {
    stepShape({ ...other.parts, needs: {} }, 1);
    const { learner, aligner, backbone, learnerProperties } = other.parts;
    const { furtherTemplates = [] } = learner;
    if (furtherTemplates.length === 0 || learnerProperties.dependsOnImage) return;
    const { classNames } = aligner;
    tf.tidy(() => {
      const { text } = learner.prompts();
      const n = text ? text.vectors.shape[text.vectors.rank - 2]! : 0;
      const { lengths } = aligner.labels();
      for (const template of furtherTemplates) requireRoom(backbone, { template, n, lengths, classNames });
    });
  } finally {
    if (other !== classifier) other.disposeOwn();
  }
}

/** Classes that a message names. */
const NAMED = 5;

/** Prompts that belong to single classes can be taken for some of these, or in another order, where they are found by the names. */
function checkTrained(classifier: Classifier, dataset: NamedClasses): void {
  requireTrained(classifier, dataset, 'prompt');
  const { learner, learnerProperties } = classifier.parts;
  if (!learnerProperties.dependsOnImage && hasContextByClass(learner)) return;
  throw new ConfigError(
    `The prompts work for all the classes together that they were trained on only, not for those of "${dataset.name}".`,
    { where: 'prompt', remedy },
  );
}

const remedy = 'Evaluate on the trained classes, or train prompts that all classes share.';

/** @throws ConfigError naming classes that were not trained on */
function requireTrained({ parts }: Classifier, { name, classNames }: NamedClasses, where: 'prompt' | 'head'): void {
  const unseen = classNames.filter((each) => !parts.aligner.classNames.includes(each));
  if (unseen.length === 0) return;
  const named = unseen.slice(0, NAMED).map((each) => `"${each}"`);
  const more = unseen.length > NAMED ? ` and ${unseen.length - NAMED} more` : '';
  const part = where === 'prompt' ? 'The prompts work' : 'The head works';
  throw new ConfigError(
    `${part} for the classes that were trained on only, and "${name}" has others: ${named.join(', ')}${more}.`,
    { where, remedy: where === 'prompt' ? remedy : 'Evaluate on the trained classes, or choose another head.' },
  );
}
