import type { Evaluation, EvaluationSet } from '../contracts/evaluation.js';
import { ConfigError } from '../errors.js';
import type { Classifier } from '../model/classifier.js';
import { checkNames } from '../model/equal-names.js';
import { evaluate, type EvaluationRequest } from './evaluate.js';

/**
 * Evaluates a classifier on the classes of a set: its own, or others where its prompt learner can (`novelClasses`). A label
 * aligner keeps what it learned for the names it knows.
 *
 * @throws DatasetError where the tokenizer cannot tell two of the classes apart
 * @throws ConfigError where the prompt learner works for its own classes only
 */
export async function evaluateSet(
  classifier: Classifier,
  { dataset, split, features }: EvaluationSet,
  given: Omit<EvaluationRequest, 'classifier' | 'dataset' | 'items'>,
): Promise<Evaluation> {
  const options = features ? { ...given, features } : given;
  const { aligner, learnerProperties } = classifier.parts;
  const items = dataset[split];
  const own = dataset.classNames.join('\n') === aligner.classNames.join('\n');
  if (own) return evaluate({ ...options, classifier, dataset, items });
  if (learnerProperties.novelClasses !== 'swap') {
    throw new ConfigError(
      `The prompts work for the classes that they were trained on only, not for those of "${dataset.name}".`,
      {
        where: 'prompt',
        remedy: 'Evaluate on the trained classes, or train prompts that all classes share.',
      },
    );
  }
  checkNames(classifier.parts.backbone.tokenizer, dataset);
  const other = classifier.withClasses(dataset.classNames);
  try {
    return await evaluate({ ...options, classifier: other, dataset, items });
  } finally {
    other.parts.aligner.dispose(); // the rest is shared with the classifier
  }
}
