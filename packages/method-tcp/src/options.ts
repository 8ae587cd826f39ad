import { templateText } from '@promptweave/core';
import { z } from 'zod';

/** Options of TCP (Yao et al. 2024, arXiv 2311.18231). */
export const tcpOptions = z.strictObject({
  contextLength: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('Number of context vectors, and of rows that each class has.'),
  contextInit: z
    .string()
    .default('')
    .describe('Words whose embeddings the context starts from; empty for N(0, 0.02²), as the authors have it.'),
  before: z
    .string()
    .default('')
    .describe('Words between the context and the class name, which are not learned, e.g. "person doing".'),
  after: z.string().default('.').describe('What stands after the class name, e.g. ", a type of pet."'),
  classBlock: z
    .int()
    .min(1)
    .default(8)
    .describe("Text block, from 0, at whose input each class's own rows take the place of the context."),
  teacher: templateText
    .optional()
    .describe("Hand-crafted template of the class knowledge; by default the data set's own."),
  reduction: z.int().min(1).default(4).describe("The meta-net's hidden layer is the embedding width divided by this."),
});
