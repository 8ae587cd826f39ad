import type { Evaluation, EvaluationSet } from '../contracts/evaluation.js';
import { canonicalJson } from '../config/canonical.js';
import { ConfigError } from '../errors.js';
import type { Classifier } from '../model/classifier.js';
import { checkNames } from '../model/equal-names.js';
import { hasContextByClass } from '../model/select-classes.js';
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
  const { aligner, learnerProperties, headProperties } = classifier.parts;
  const items = dataset[split];
  const own = canonicalJson(dataset.classNames) === canonicalJson(aligner.classNames);
  if (own) return evaluate({ ...options, classifier, dataset, items });
  if (learnerProperties.novelClasses !== 'swap') checkTrained(classifier, dataset);
  if (headProperties.novelClasses === 'trained only') requireTrained(classifier, dataset, 'head');
  checkNames(classifier.parts.backbone.tokenizer, dataset);
  const other = classifier.withClasses(dataset.classNames);
  try {
    return await evaluate({ ...options, classifier: other, dataset, items });
  } finally {
    other.disposeOwn();
  }
}

/** Classes that a message names. */
const NAMED = 5;

/** Prompts that belong to single classes can be taken for some of these, or in another order, where they are found by the names. */
function checkTrained(classifier: Classifier, dataset: EvaluationSet['dataset']): void {
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
function requireTrained(
  { parts }: Classifier,
  { name, classNames }: EvaluationSet['dataset'],
  where: 'prompt' | 'head',
): void {
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
