import { descriptionsOption, templateText } from '@promptweave/core';
import { z } from 'zod';

/** Options of CoOp (Zhou et al. 2022, arXiv 2109.01134). */
export const coopOptions = z.strictObject({
  contextLength: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('Number of context vectors M. With words to start from, at most as many as there are words.'),
  contextInit: z
    .string()
    .default('a photo of a')
    .describe('Words whose embeddings the context starts from; empty for N(0, 0.02²).'),
  classSpecific: z.boolean().default(false).describe("A separate context for every class (the paper's CSC)."),
  zerosBefore: z
    .boolean()
    .default(false)
    .describe(
      'Where there are fewer words than context vectors, zeros stand before them (ProGrad), instead of an error.',
    ),
  namePosition: z
    .enum(['end', 'middle', 'front'])
    .default('end')
    .describe('Where the class name stands: after, within or before the context.'),
});

/** Options of CoCoOp (Zhou et al. 2022, arXiv 2203.05557). */
export const cocoopOptions = z.strictObject({
  contextLength: z.int().min(1).max(64).default(4).describe('Number of context vectors M.'),
  contextInit: z
    .string()
    .default('a photo of a')
    .describe('Words whose embeddings the context starts from; empty for N(0, 0.02²).'),
  reduction: z.int().min(1).default(16).describe("The meta-net's hidden layer is the embedding width divided by this."),
});

/** Options of KgCoOp's loss (Yao et al. 2023, arXiv 2303.13283). */
export const kgcoopOptions = z
  .strictObject({
    template: templateText
      .optional()
      .describe("Hand-crafted template of the reference; by default the data set's own."),
    descriptions: descriptionsOption('the mean of their directions takes the place of the hand-crafted prompt.'),
    variant: z
      .enum(['paper', 'released'])
      .default('paper')
      .describe("`released` is 1 − cosine, as in the authors' code: half of the paper's squared distance."),
  })
  .refine(({ template, descriptions }) => !(template && descriptions), {
    error: 'template and descriptions exclude each other',
    path: ['descriptions'],
  });
