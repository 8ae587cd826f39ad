import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  disposeVariables,
  seededNormal,
  startContext,
  variablesFrom,
  type LearnedPrompts,
  type PartContext,
  type PromptLearner,
  type TemplateTokens,
} from '@promptweave/core';
import type { coopOptions } from './options.js';

/** CoOp (arXiv 2109.01134, eq. 2–3): t = [V]₁ [V]₂ … [V]_M [CLASS], the vectors [V]ₘ learned, shared or one set per class. */
export class CoOpLearner implements PromptLearner {
  readonly variables: { readonly ctx: tf.Variable };
  readonly template: TemplateTokens;

  constructor(
    context: PartContext,
    private readonly options: z.output<typeof coopOptions>,
  ) {
    const { contextLength, contextInit, classSpecific, zerosBefore } = options;
    const start = startContext(context, contextInit, contextLength, { variable: 'ctx', zerosBefore });
    this.template = start.template;
    this.variables = variablesFrom({
      ctx: classSpecific ? perClass(start.vectors, context, contextInit) : start.vectors,
    });
  }

  prompts(): LearnedPrompts {
    const { classSpecific, namePosition } = this.options;
    const vectors = this.variables.ctx as tf.Variable<tf.Rank.R2> | tf.Variable<tf.Rank.R3>;
    return { text: { vectors, scope: classSpecific ? 'class' : 'shared', namePosition, deep: [] } };
  }

  dispose(): void {
    disposeVariables(this.variables);
  }
}

/** One set for every class, [C, n, T]: the words' embeddings again, or values drawn for each class. */
function perClass(shared: tf.Tensor2D, { classNames, seed }: PartContext, words: string): tf.Tensor3D {
  const [n, width] = shared.shape;
  const shape: [number, number, number] = [classNames.length, n, width];
  const start =
    words === ''
      ? seededNormal(shape, 0.02, seed, 'ctx')
      : tf.tidy(() => tf.tile(tf.expandDims(shared, 0), [shape[0], 1, 1]));
  shared.dispose();
  return start as tf.Tensor3D;
}
