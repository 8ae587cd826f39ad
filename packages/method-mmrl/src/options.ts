import { templateText } from '@promptweave/core';
import { z } from 'zod';

/** Options of MMRL's tokens (Guo and Gu 2025, arXiv 2503.08497). */
export const learnerOptions = z.strictObject({
  tokens: z.int().min(1).max(64).default(5).describe('Number K of representation tokens.'),
  width: z.int().min(1).default(512).describe('Width of the space of the tokens, which both towers share.'),
  first: z.int().min(2).default(6).describe('Layer, from 1, at whose input the tokens enter both towers.'),
  last: z.int().min(2).default(12).describe('Last layer at whose input the tokens are inserted again.'),
  template: templateText.optional().describe("Text around the class name; by default the data set's own."),
  regularisation: z
    .number()
    .min(0)
    .default(0.5)
    .describe('λ: weight of both terms that keep features near the frozen ones, where losses are not listed.'),
});

/** Options of MMRL's head. */
export const headOptions = z.strictObject({
  alpha: z
    .number()
    .min(0)
    .max(1)
    .default(0.7)
    .describe('α: weight of the class token’s logits; the representation tokens’ have the rest.'),
  projection: z
    .enum(['random', 'backbone'])
    .default('random')
    .describe("Start of the tokens' projection Q: N(0, 1/V), as released, or the backbone's own of the class token."),
  logitScale: z
    .number()
    .positive()
    .optional()
    .describe("Scale of the cosines. Default: the backbone's; the authors' code has 100 for every backbone."),
});

/** Options of MMRL's image term: none. */
export const imageOptions = z.strictObject({});
