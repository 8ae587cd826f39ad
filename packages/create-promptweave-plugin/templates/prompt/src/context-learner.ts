import {
  disposeVariables,
  SERVICES,
  templateTokens,
  variablesFrom,
  type LearnedPrompts,
  type PartContext,
  type PromptLearner,
  type TemplateTokens,
} from '@promptweave/core';
import type * as tf from '@tensorflow/tfjs-core';

/** A shallow context: n learned vectors before every class name, the same for all classes. */
export class ContextLearner implements PromptLearner {
  /** Saved under these names. */
  readonly variables: { readonly context: tf.Variable };
  /** The frozen words around the class name. */
  readonly template: TemplateTokens;

  constructor({ backbone, services }: PartContext, n: number, deviation: number) {
    const { width } = backbone.shape.text;
    const random = services.get(SERVICES.random); // a function of the run's seed and of the name
    this.variables = variablesFrom({ context: random.normal([n, width], deviation, 'PLUGIN_NAME/context') });
    this.template = templateTokens(backbone.tokenizer, '{}.');
  }

  prompts(): LearnedPrompts {
    const vectors = this.variables.context as tf.Variable<tf.Rank.R2>; // [n, T]
    return { text: { vectors, scope: 'shared', namePosition: 'end', deep: [] } };
  }

  dispose(): void {
    disposeVariables(this.variables);
  }
}
