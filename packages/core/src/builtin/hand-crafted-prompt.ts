import { z } from 'zod';
import type { PartContext, PromptLearner } from '../contracts/parts.js';
import type { NamedVariables } from '../contracts/variables.js';
import type { LearnedPrompts, TemplateTokens } from '../contracts/prompts.js';
import { templateText } from '../model/template-text.js';
import { templateTokens } from '../model/template-tokens.js';
import { definePlugin } from '../plugin/define-plugin.js';

/** A hand-crafted template, or an ensemble of several; nothing is learned. Zero-shot CLIP with frozen labels. */
export class HandCraftedPrompt implements PromptLearner {
  readonly variables: NamedVariables = {};
  readonly template: TemplateTokens;
  readonly furtherTemplates: readonly TemplateTokens[];

  /** @throws ConfigError where a template does not have exactly one `{}`. */
  constructor({ backbone }: Pick<PartContext, 'backbone'>, first: string, further: readonly string[] = []) {
    this.template = templateTokens(backbone.tokenizer, first);
    this.furtherTemplates = further.map((template) => templateTokens(backbone.tokenizer, template));
  }

  prompts(): LearnedPrompts {
    return {};
  }

  dispose(): void {
    // There are no tensors.
  }
}

const options = z
  .strictObject({
    template: templateText
      .optional()
      .describe('Text around the class name, {}. Default: the template of the data set.'),
    templates: z
      .array(templateText)
      .min(1)
      .optional()
      .describe('Several templates instead of one: the normalised text features are averaged over them.'),
  })
  .refine(({ template, templates }) => !(template && templates), {
    error: 'template and templates exclude each other',
    path: ['templates'],
  });

/** `prompt: { use: none }`, the default. */
export const handCraftedPrompt = definePlugin({
  kind: 'prompt',
  name: 'none',
  description: 'A hand-crafted template, or the mean of several (zero-shot CLIP, arXiv 2103.00020).',
  options,
  properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap', learns: false }),
  create: (context, { template, templates = [] }) => {
    const [first, ...further] = templates;
    return new HandCraftedPrompt(context, first ?? template ?? context.template, further);
  },
});
