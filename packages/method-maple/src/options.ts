import { templateText } from '@promptweave/core';
import { z } from 'zod';

const contextLength = z.int().min(1).max(64);
const depth = z.int().min(1);
const contextInit = z
  .string()
  .default('a photo of a')
  .describe('Words whose first embeddings the context starts from; the others stay, frozen. Empty for N(0, 0.02²).');

/** Options of MaPLe (Khattak et al. 2023, arXiv 2210.03117). */
export const mapleOptions = z.strictObject({
  contextLength: contextLength.default(2).describe('Number of prompt vectors b in each tower.'),
  depth: depth.default(9).describe('Prompt depth J: 1 shallow and J − 1 deep prompts in each tower.'),
  contextInit,
  variant: z
    .enum(['paper', 'released'])
    .default('paper')
    .describe('`released` starts the coupling functions of all deep prompts as copies of one.'),
});

/** Options of deep vision prompts alone (VPT, Jia et al. 2022, arXiv 2203.12119, as evaluated by MaPLe). */
export const vptOptions = z.strictObject({
  visionLength: contextLength.default(4).describe('Number of vision prompt vectors.'),
  visionDepth: depth.default(12).describe('Vision prompt depth J.'),
  template: templateText.optional().describe("Frozen text template; by default the data set's own."),
});

/** Options of deep text prompts alone (MaPLe, section 4.2). */
export const languageOptions = z.strictObject({
  contextLength: contextLength.default(4).describe('Number of context vectors.'),
  depth: depth.default(12).describe('Text prompt depth J.'),
  contextInit,
});

/** Options of independent vision-language prompting (IVLP, MaPLe, section 4.2). */
export const ivlpOptions = z.strictObject({
  contextLength: contextLength.default(2).describe('Number of text context vectors.'),
  depth: depth.default(9).describe('Text prompt depth J.'),
  contextInit,
  visionLength: contextLength.default(2).describe('Number of vision prompt vectors.'),
  visionDepth: depth.default(9).describe('Vision prompt depth J.'),
});
