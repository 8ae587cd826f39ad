import type * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  checkDepth,
  differentiableProgram,
  disposeVariables,
  linearOf,
  linearStart,
  seededNormal,
  startContext,
  variablesFrom,
  type LearnedPrompts,
  type NamedVariables,
  type PartContext,
  type PromptLearner,
  type TemplateTokens,
} from '@promptweave/core';
import type { mapleOptions } from './options.js';

/** MaPLe (arXiv 2210.03117, eq. 5–8): text prompts Pᵢ learned at depth i = 0…J−1; vision prompts P̃ᵢ = Fᵢ(Pᵢ), Fᵢ linear. */
export class MaPLeLearner implements PromptLearner {
  readonly variables: NamedVariables;
  readonly template: TemplateTokens;
  private readonly deep: number;

  constructor(context: PartContext, options: z.output<typeof mapleOptions>) {
    const { text, vision } = context.backbone.shape;
    const { contextLength: n, depth, variant } = options;
    checkDepth(depth, Math.min(text.layers, vision.layers), 'prompt.depth');
    const { seed } = context;
    const start = startContext(context, options.contextInit, n, 'ctx');
    this.template = start.template;
    this.deep = depth - 1;
    const variables: Record<string, tf.Tensor> = {
      ctx: start.vectors,
      ...linearStart('proj', text.width, vision.width, seed),
    };
    for (let i = 0; i < this.deep; i++) {
      const name = `compound_prompts_text.${i}`;
      variables[name] = seededNormal([n, text.width], 0.02, seed, name);
      const coupling = `compound_prompt_projections.${i}`;
      const drawnAs = variant === 'released' ? 'compound_prompt_projections.0' : coupling;
      Object.assign(variables, linearStart(coupling, text.width, vision.width, seed, drawnAs));
    }
    this.variables = variablesFrom(variables);
  }

  prompts(): LearnedPrompts {
    const prompt = (name: string) => this.variables[name] as tf.Tensor as tf.Tensor2D;
    const ctx = prompt('ctx');
    const deep = Array.from({ length: this.deep }, (_, i) => prompt(`compound_prompts_text.${i}`));
    const vision = differentiableProgram('maple', this.variables, (given) => [
      linearOf(given, 'proj', given.ctx as tf.Tensor2D),
      ...deep.map((_, i) => {
        const text = given[`compound_prompts_text.${i}`] as tf.Tensor2D;
        return linearOf(given, `compound_prompt_projections.${i}`, text);
      }),
    ]);
    return {
      text: { vectors: ctx, scope: 'shared', namePosition: 'end', deep },
      vision: { shallow: vision[0]!, deep: vision.slice(1) },
    };
  }

  dispose(): void {
    disposeVariables(this.variables);
  }
}
