import { descriptionsOption, templateText } from '@promptweave/core';
import { z } from 'zod';

const lateBlocks = z.int().min(1).default(1).describe('Number S of last text blocks that the knowledge loss looks at.');

/** Options of COMMA's prompts (arXiv 2401.00268). */
export const commaOptions = z.strictObject({
  contextLength: z.int().min(1).max(64).default(2).describe('Number of prompt vectors n in each tower.'),
  depth: z.int().min(1).default(9).describe('Prompt depth J: 1 shallow and J − 1 deep prompts in each tower.'),
  contextInit: z
    .string()
    .default('a photo of a')
    .describe('Words whose first embeddings the context starts from; the others stay, frozen. Empty for N(0, 0.02²).'),
  variant: z
    .enum(['paper', 'released'])
    .default('paper')
    .describe("`released` computes what the authors' code computes: see generatorGradient and repeatLateBlock."),
  generator: z
    .enum(['mlp', 'attention'])
    .default('mlp')
    .describe(
      'How a vision prompt comes from both branches: attention, layer norm and MLP as released, or attention alone.',
    ),
  generatorGradient: z
    .boolean()
    .optional()
    .describe(
      'Whether gradients flow through the generated vision prompts; by default as the variant does (paper: yes).',
    ),
  lateBlocks,
  repeatLateBlock: z
    .boolean()
    .optional()
    .describe(
      'Apply text block L − S S times and skip those after it; by default as the variant does (released: yes).',
    ),
});

/** Options of COMMA's knowledge loss (arXiv 2401.00268, section 3.3). */
export const knowledgeOptions = z
  .strictObject({
    lateBlocks,
    tokens: z
      .enum(['aligned', 'all', 'eot'])
      .default('aligned')
      .describe(
        'Which positions are compared: by role (name, full stop, end of text), all of them with padding, or the end of text.',
      ),
    reduce: z.enum(['mean', 'sum']).default('mean').describe('Mean or sum over the S blocks.'),
    template: templateText
      .optional()
      .describe("Hand-crafted template of the frozen CLIP; by default the data set's own."),
    descriptions: descriptionsOption(
      'the mean direction of their outputs takes the place of the hand-crafted prompt (tokens: eot).',
    ),
  })
  .refine(({ template, descriptions }) => !(template && descriptions), {
    error: 'template and descriptions exclude each other',
    path: ['descriptions'],
  })
  .refine(({ tokens, descriptions }) => !descriptions || tokens === 'eot', {
    error: 'sentences have nothing but their end in common; take tokens: eot',
    path: ['descriptions'],
  });
