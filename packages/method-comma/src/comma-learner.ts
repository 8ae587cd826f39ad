import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  checkDepth,
  differentiableProgram,
  disposeVariables,
  linearOf,
  linearStart,
  seededNormal,
  startContext,
  unstackMatrices,
  variablesFrom,
  withoutTape,
  type LearnedPrompts,
  type NamedVariables,
  type PartContext,
  type PromptLearner,
  type Prompts,
  type TemplateTokens,
} from '@promptweave/core';
import { generate, generatorStart } from './generator.js';
import type { commaOptions } from './options.js';

/** The generator of vision prompt 1, and of vision prompt i + 2. */
const BASE = 'compound_prompt_projections_image_base';
const later = (i: number) => `compound_prompt_projections_image.${i}`;

/**
 * COMMA (arXiv 2401.00268, section 3.2). Text: context c and deep prompts t₁…t_{J−1}, all learned. Vision, generated:
 *   v₀ = proj(c);  v₁ = G_base(v₀, c);  v_{i+1} = G_i(v_i, t_i), i = 1…J−2.
 */
export class CommaLearner implements PromptLearner {
  readonly variables: NamedVariables;
  readonly template: TemplateTokens;
  readonly textBlocks?: readonly number[];
  private readonly deep: number;
  private readonly gradient: boolean;
  private readonly withMlp: boolean;

  constructor(context: PartContext, options: z.output<typeof commaOptions>) {
    const { text, vision } = context.backbone.shape;
    const { contextLength: n, depth, lateBlocks, variant } = options;
    const { seed } = context;
    checkDepth(depth, Math.min(text.layers, vision.layers), 'prompt.depth');
    checkDepth(lateBlocks, text.layers, 'prompt.lateBlocks');
    const start = startContext(context, options.contextInit, n, 'ctx');
    this.template = start.template;
    this.deep = depth - 1;
    this.withMlp = options.generator === 'mlp';
    this.gradient = options.generatorGradient ?? variant === 'paper';
    if (options.repeatLateBlock ?? variant === 'released') this.textBlocks = repeatBlock(text.layers, lateBlocks);

    const generator = (name: string) => generatorStart(name, text.width, vision.width, this.withMlp, seed);
    const deepText = () => seededNormal([this.deep, n, text.width], 0.02, seed, 'compound_prompts_text');
    this.variables = variablesFrom<string>({
      ctx: start.vectors,
      ...linearStart('proj', text.width, vision.width, seed),
      ...(this.deep > 0 && { compound_prompts_text: deepText(), ...generator(BASE) }),
      ...Object.assign({}, ...Array.from({ length: Math.max(0, this.deep - 1) }, (_, i) => generator(later(i)))),
      ...(this.deep > 0 && !this.gradient && { compound_prompts_image: tf.zeros([this.deep, n, vision.width]) }),
    });
  }

  prompts(): LearnedPrompts {
    const ctx = this.variables.ctx as tf.Tensor as tf.Tensor2D;
    const stacked = this.variables.compound_prompts_text as tf.Tensor | undefined;
    const deep = stacked ? unstackMatrices(stacked as tf.Tensor3D) : [];
    return {
      text: { vectors: ctx, scope: 'shared', namePosition: 'end', deep },
      vision: this.gradient ? this.generateVision() : this.storeVision(ctx),
    };
  }

  dispose(): void {
    disposeVariables(this.variables);
  }

  private generateVision(): Prompts {
    const { compound_prompts_image: _, ...learned } = this.variables;
    const [shallow, ...deep] = differentiableProgram(`comma ${this.withMlp}`, learned, (given) => {
      const ctx = given.ctx as tf.Tensor2D;
      const prompts = [linearOf(given, 'proj', ctx)]; // v₀
      const text = this.deep > 1 ? unstackMatrices(given.compound_prompts_text as tf.Tensor3D) : [];
      for (let i = 0; i < this.deep; i++) {
        prompts.push(
          i === 0
            ? generate(given, BASE, prompts[0]!, ctx, this.withMlp) // v₁
            : generate(given, later(i - 1), prompts[i]!, text[i - 1]!, this.withMlp), // v_{i+1} from v_i, t_i
        );
      }
      return prompts;
    });
    return { shallow: shallow!, deep };
  }

  /**
   * As released: the generated prompts overwrite a parameter outside of autograd. That parameter receives gradient and
   * decay, but the next pass overwrites it; the generators receive nothing and stay as they started.
   */
  private storeVision(ctx: tf.Tensor2D): Prompts {
    const shallow = linearOf(this.variables, 'proj', ctx);
    if (this.deep === 0) return { shallow, deep: [] };
    const stored = this.variables.compound_prompts_image!;
    withoutTape(() => tf.tidy(() => stored.assign(tf.stack([...this.generateVision().deep]))));
    return { shallow, deep: unstackMatrices(stored as tf.Tensor as tf.Tensor3D) };
  }
}

/** 0, 1, …, L − S, L − S, …: block L − S stands for all of the last S. */
function repeatBlock(layers: number, lateBlocks: number): number[] {
  return Array.from({ length: layers }, (_, step) => Math.min(step, layers - lateBlocks));
}
