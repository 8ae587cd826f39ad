import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Backbone } from '../contracts/backbone.js';
import type { LabelAligner } from '../contracts/parts.js';
import type { NamedVariables } from '../contracts/variables.js';
import type { LabelEmbeddings } from '../contracts/prompts.js';
import { nameTokens } from '../model/template-tokens.js';
import { definePlugin } from '../plugin/define-plugin.js';

/** Option of label aligners: what to do with names that are too long for the text tower. */
export const maxNameTokens = z
  .int()
  .min(1)
  .optional()
  .describe('Cut class names after so many tokens. Without it, a prompt that is too long is an error.');

/** Class names as the backbone embeds them; nothing is learned. */
export class FrozenLabels implements LabelAligner {
  readonly variables: NamedVariables = {};
  private readonly names: tf.Tensor2D;
  private readonly lengths: readonly number[];

  /**
   * @param classNames underscores stand for spaces.
   * @param maxTokens names are cut after so many tokens.
   */
  constructor(
    private readonly backbone: Backbone,
    readonly classNames: readonly string[],
    private readonly maxTokens?: number,
  ) {
    const tokens = nameTokens(backbone.tokenizer, classNames, maxTokens);
    this.lengths = tokens.map((ids) => ids.length);
    this.names = tf.keep(backbone.embedTokens(tokens.flat())); // [Σ lengths, T]
  }

  labels(): LabelEmbeddings {
    return { names: tf.clone(this.names), lengths: this.lengths };
  }

  anchors(): LabelEmbeddings {
    return this.labels();
  }

  withClasses(classNames: readonly string[]): FrozenLabels {
    return new FrozenLabels(this.backbone, classNames, this.maxTokens);
  }

  dispose(): void {
    this.names.dispose();
  }
}

/** `labels: { use: frozen }`, the default. */
export const frozenLabels = definePlugin({
  kind: 'labels',
  name: 'frozen',
  description: 'The token embeddings of the class names as CLIP learned them (arXiv 2103.00020).',
  options: z.strictObject({ maxTokens: maxNameTokens }),
  properties: () => ({ trainsLabels: false }),
  create: ({ backbone, classNames }, { maxTokens }) => new FrozenLabels(backbone, classNames, maxTokens),
});
