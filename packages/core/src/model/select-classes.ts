import * as tf from '@tensorflow/tfjs-core';
import type { PromptLearner } from '../contracts/parts.js';
import { ConfigError } from '../errors.js';

/** Whether a learner has a row of context for each class, and nothing else that belongs to single classes. */
export function hasContextByClass(learner: PromptLearner): boolean {
  return tf.tidy(() => learner.prompts().text?.scope === 'class');
}

/**
 * A learner with context of its own for every class, for some of its classes or in another order. Its values are the given learner's, which
 * stays the caller's.
 *
 * @param trained names of the learner's classes
 * @param classNames names among them; of others, `prompts` throws a ConfigError
 */
export function selectClasses(
  learner: PromptLearner,
  trained: readonly string[],
  classNames: readonly string[],
): PromptLearner {
  const rows = classNames.map((name) => trained.indexOf(name));
  const { template, furtherTemplates, textBlocks } = learner;
  return {
    ...{ variables: {}, template, furtherTemplates, textBlocks },
    prompts: (images) => {
      const learned = learner.prompts(images);
      const { text } = learned;
      if (text?.scope !== 'class') return learned;
      const unseen = classNames.find((_, c) => rows[c]! < 0);
      if (unseen !== undefined) {
        throw new ConfigError(`The context was learned for single classes, and "${unseen}" is none of them.`, {
          where: 'prompt',
          remedy: 'Take a prompt learner with shared context to change the classes.',
        });
      }
      const vectors: tf.Tensor3D = tf.gather(text.vectors as tf.Tensor3D, tf.tensor1d(rows, 'int32')); // [C', n, T]
      return { ...learned, text: { ...text, vectors } };
    },
    dispose: () => undefined,
  };
}
