import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  disposeVariables,
  linearOf,
  linearStart,
  startContext,
  variablesFrom,
  type LearnedPrompts,
  type NamedVariables,
  type PartContext,
  type PromptLearner,
  type TemplateTokens,
} from '@promptweave/core';
import type { cocoopOptions } from './options.js';

/** CoCoOp (arXiv 2203.05557, eq. 3–4): vₘ(x) = vₘ + π, π = h_θ(x), with the meta-net h_θ = linear, ReLU, linear. */
export class CoCoOpLearner implements PromptLearner {
  readonly variables: NamedVariables;
  readonly template: TemplateTokens;

  constructor(context: PartContext, options: z.output<typeof cocoopOptions>) {
    const { embedding, text } = context.backbone.shape;
    const hidden = Math.max(1, Math.floor(embedding / options.reduction));
    const start = startContext(context, options.contextInit, options.contextLength, 'ctx');
    this.template = start.template;
    this.variables = variablesFrom({
      ctx: start.vectors,
      ...linearStart('meta_net.linear1', embedding, hidden, context.seed),
      ...linearStart('meta_net.linear2', hidden, text.width, context.seed),
    });
  }

  prompts(images?: tf.Tensor2D): LearnedPrompts {
    const hidden = tf.relu(linearOf(this.variables, 'meta_net.linear1', images!)); // [B, E / 16]
    const shift = linearOf(this.variables, 'meta_net.linear2', hidden); // [B, T]
    const vectors = tf.add(tf.expandDims(this.variables.ctx!, 0), tf.expandDims(shift, 1)) as tf.Tensor3D; // [B, n, T]
    return { text: { vectors, scope: 'image', namePosition: 'end', deep: [] } };
  }

  dispose(): void {
    disposeVariables(this.variables);
  }
}
