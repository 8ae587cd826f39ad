import type * as tf from '@tensorflow/tfjs-core';
import {
  checkDepth,
  disposeVariables,
  seededNormal,
  startContext,
  templateTokens,
  variablesFrom,
  type LearnedPrompts,
  type NamedVariables,
  type PartContext,
  type PromptLearner,
  type TemplateTokens,
} from '@promptweave/core';

/** Text prompts, vision prompts, or both; no text prompts means a frozen template. */
export interface IndependentOptions {
  readonly text?: { readonly length: number; readonly depth: number; readonly contextInit: string };
  readonly vision?: { readonly length: number; readonly depth: number };
  readonly template?: string;
}

/** Name that MaPLe's release gives the deep prompt of block i of a tower. */
const deepName = (tower: 'text' | 'image', i: number) => `${tower}_encoder.transformer.resblocks.${i}.VPT_shallow`;

/** VPT, language prompting and IVLP (arXiv 2210.03117, section 4.2): prompts of the towers learned independently of each other. */
export class IndependentLearner implements PromptLearner {
  readonly variables: NamedVariables;
  readonly template: TemplateTokens;

  constructor(
    context: PartContext,
    private readonly options: IndependentOptions,
  ) {
    const { backbone, seed } = context;
    const { text, vision } = options;
    const variables: Record<string, tf.Tensor> = {};
    const draw = (name: string, length: number, width: number) => {
      variables[name] = seededNormal([length, width], 0.02, seed, name);
    };
    if (text) {
      checkDepth(text.depth, backbone.shape.text.layers, 'prompt.depth');
      const start = startContext(context, text.contextInit, text.length, 'ctx');
      this.template = start.template;
      variables.ctx = start.vectors;
      for (let i = 1; i < text.depth; i++) draw(deepName('text', i), text.length, backbone.shape.text.width);
    } else {
      this.template = templateTokens(backbone.tokenizer, options.template ?? context.template);
    }
    if (vision) {
      checkDepth(vision.depth, backbone.shape.vision.layers, 'prompt.visionDepth');
      draw('image_encoder.VPT', vision.length, backbone.shape.vision.width);
      for (let i = 1; i < vision.depth; i++) draw(deepName('image', i), vision.length, backbone.shape.vision.width);
    }
    this.variables = variablesFrom(variables);
  }

  prompts(): LearnedPrompts {
    const { text, vision } = this.options;
    const prompt = (name: string) => this.variables[name] as tf.Tensor as tf.Tensor2D;
    const deep = (tower: 'text' | 'image', depth: number) =>
      Array.from({ length: depth - 1 }, (_, i) => prompt(deepName(tower, i + 1)));
    return {
      text: text && { vectors: prompt('ctx'), scope: 'shared', namePosition: 'end', deep: deep('text', text.depth) },
      vision: vision && { shallow: prompt('image_encoder.VPT'), deep: deep('image', vision.depth) },
    };
  }

  dispose(): void {
    disposeVariables(this.variables);
  }
}
