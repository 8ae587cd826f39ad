import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.js';

const budget = z.strictObject({
  cells: z.int().min(1).optional().describe('Cells that are started at most.'),
  steps: z.int().min(1).optional().describe('Optimiser steps of all cells together; after them no cell is started.'),
  hours: z.number().positive().optional().describe('Hours of this command; after them no cell is started.'),
});

/** The `search` section of a configuration: how the cells of its grid are searched instead of all being run to their ends. */
export const searchSection = z
  .strictObject({
    method: z
      .enum(['asha', 'whole'])
      .default('asha')
      .describe(
        'Which of the started cells are trained further: the best of each rung (`asha`, successive halving, Li et al. 2020, arXiv 1810.05934), or ' +
          'all, to their last epoch (`whole`).',
      ),
    sampler: z
      .enum(['order', 'tpe'])
      .default('order')
      .describe(
        'Which cells are started: all, in the order of the grid (`order`), or a few at a time, the most promising ones (`tpe`, the ' +
          'tree-structured Parzen estimator, Bergstra et al. 2011). `tpe` needs a budget.',
      ),
    startup: z
      .int()
      .min(2)
      .default(10)
      .describe('With `tpe`: cells that are started at random before it begins to choose.'),
    round: z.int().min(1).default(4).describe('With `tpe`: cells that it chooses at a time.'),
    reduction: z
      .int()
      .min(2)
      .default(3)
      .describe('Reduction factor of `asha`: one cell in so many goes on from each rung to the next.'),
    first: z
      .int()
      .min(1)
      .default(1)
      .describe(
        'Epochs of the first rung, counted after the warm-up. Each further rung has `reduction` times as many.',
      ),
    budget: budget.prefault({}).describe('When the search ends.'),
  })
  .refine(({ sampler, budget }) => sampler === 'order' || Object.values(budget).some((value) => value !== undefined), {
    path: ['sampler'],
    error: 'tpe chooses which cells are worth a budget; give it one: budget: { cells: 20 }, or steps, or hours',
  })
  // The same rule for editors.
  .meta({
    if: { properties: { sampler: { const: 'tpe' } }, required: ['sampler'] },
    then: { properties: { budget: { minProperties: 1 } }, required: ['budget'] },
  })
  .describe('With a grid: cells are compared on validation images while they train, and only the best are trained on.');

/** The `search` section as a user writes it. */
export type SearchSection = DeepReadonly<z.input<typeof searchSection>>;
