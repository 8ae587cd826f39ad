import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  ConfigError,
  disposeVariables,
  fillTemplate,
  linearOf,
  linearStart,
  normalise,
  startContext,
  variablesFrom,
  type LearnedPrompts,
  type NamedVariables,
  type PartContext,
  type PromptLearner,
  type TemplateTokens,
} from '@promptweave/core';
import type { tcpOptions } from './options.js';

type Options = z.output<typeof tcpOptions>;

/**
 * TCP (arXiv 2311.18231, eq. 4–6): shared context, in whose place stand, from one text block on, rows of each class that a meta-net makes from the
 * frozen features of a hand-crafted prompt: linear, QuickGELU, linear.
 */
export class TcpLearner implements PromptLearner {
  readonly variables: NamedVariables;
  readonly template: TemplateTokens;

  /** @throws ConfigError where the text tower has no such block */
  constructor(
    private readonly context: PartContext,
    private readonly options: Options,
  ) {
    const { backbone, seed } = context;
    const { shape, tokenizer } = backbone;
    const { embedding, text } = shape;
    const { contextLength: n, classBlock, reduction } = options;
    if (classBlock >= text.layers) {
      throw new ConfigError(
        `The text tower has ${text.layers} blocks, 0 to ${text.layers - 1}, and no block ${classBlock}.`,
        {
          where: 'prompt.classBlock',
          remedy:
            text.layers > 1
              ? `Set prompt.classBlock to at most ${text.layers - 1}.`
              : 'Take another prompt, or a backbone with more blocks.',
        },
      );
    }
    const hidden = Math.max(1, Math.floor(embedding / reduction));
    const start = startContext(context, options.contextInit, n, 'ctx');
    const words = start.template.before; // the first n give way to the context
    const places = words.length > 0 ? words : new Array<number>(n).fill(tokenizer.endId);
    this.template = {
      before: [...places, ...tokenizer.encode(options.before)],
      after: tokenizer.encode(options.after),
    };
    this.variables = variablesFrom({
      ctx: start.vectors,
      ...linearStart('meta_net.linear1', embedding, hidden, seed),
      ...linearStart('meta_net.linear2', hidden, n * text.width, seed),
    });
  }

  prompts(): LearnedPrompts {
    return promptsOf(this.variables, this.knowledge(), this.options);
  }

  withClasses(classNames: readonly string[]): PromptLearner {
    const { variables, template, options } = this;
    const others = new ClassKnowledge({ ...this.context, classNames }, options.teacher);
    return {
      variables,
      template,
      prompts: () => promptsOf(variables, others.features(), options),
      withClasses: (names) => this.withClasses(names),
      dispose: () => undefined,
    };
  }

  dispose(): void {
    disposeVariables(this.variables);
  }

  private own?: ClassKnowledge;

  private knowledge(): tf.Tensor2D {
    this.own ??= new ClassKnowledge(this.context, this.options.teacher);
    return this.own.features();
  }
}

/** Normalised frozen text features of the classes, kept on the host. */
class ClassKnowledge {
  private values?: Float32Array;

  constructor(
    private readonly context: PartContext,
    private readonly template = context.template,
  ) {}

  /** [C, E]. */
  features(): tf.Tensor2D {
    const { classNames, backbone } = this.context;
    const sentences = (): string[] => classNames.map((name) => fillTemplate(this.template, name));
    this.values ??= tf.tidy(() => normalise(this.context.encodeSentences(sentences())).dataSync()) as Float32Array;
    return tf.tensor2d(this.values, [classNames.length, backbone.shape.embedding]);
  }
}

function promptsOf(
  variables: NamedVariables,
  knowledge: tf.Tensor2D,
  { contextLength, classBlock }: Options,
): LearnedPrompts {
  const hidden = quickGelu(linearOf(variables, 'meta_net.linear1', knowledge)); // [C, E / 4]
  const flat = linearOf(variables, 'meta_net.linear2', hidden); // [C, n · T]
  const rows: tf.Tensor3D = tf.reshape(flat, [knowledge.shape[0], contextLength, -1]);
  const vectors = variables.ctx as tf.Variable<tf.Rank.R2>;
  return { text: { vectors, scope: 'shared', namePosition: 'end', deep: [], ofClasses: { block: classBlock, rows } } };
}

function quickGelu(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)));
}
