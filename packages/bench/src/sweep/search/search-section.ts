import {
  applyOverride,
  describeIssue,
  InvalidConfigurationError,
  parseOverride,
  type ConfigurationSource,
  type ResolvedConfiguration,
} from '@promptweave/core/experiment';
import { z } from 'zod';

/** Options of the section `search`. */
export const searchSection = z.strictObject({
  method: z
    .enum(['asha', 'whole'])
    .default('asha')
    .describe(
      'Which of the cells that were begun go on: the best of each rung (`asha`, successive halving, Li et al. 2020, arXiv 1810.05934), or all, to ' +
        'their ends (`whole`).',
    ),
  sampler: z
    .enum(['order', 'tpe'])
    .default('order')
    .describe(
      'Which cells begin: all, in the order of the grid (`order`), or, some at a time, those that promise most (`tpe`, the tree-structured Parzen ' +
        'estimator, Bergstra et al. 2011). It needs a budget.',
    ),
  startup: z.int().min(2).default(10).describe('With `tpe`: cells that begin before it chooses, without order.'),
  round: z.int().min(1).default(4).describe('With `tpe`: cells that it chooses together.'),
  reduction: z.int().min(2).default(3).describe('One of so many cells goes on from each rung to the next.'),
  first: z
    .int()
    .min(1)
    .default(1)
    .describe('Epochs of the first rung, after those of the warm-up; each further one has `reduction` times as many.'),
  budget: z
    .strictObject({
      cells: z.int().min(1).optional().describe('Cells that are begun at most.'),
      steps: z
        .int()
        .min(1)
        .optional()
        .describe('Optimiser steps of all cells together, after which nothing more is begun.'),
      hours: z.number().positive().optional().describe('Hours of this command, after which nothing more is begun.'),
    })
    .prefault({})
    .describe('Where the search ends.'),
});

/** Whether an override speaks about the search, and not about cells. */
export function isOfSearch(override: string): boolean {
  return parseOverride(override).path[0] === 'search';
}

/** How the cells of a grid are searched instead of all being run to their ends. */
export type Search = z.output<typeof searchSection>;

/**
 * The `search` section of a configuration, with what a command says of it laid over: `search={}`, `search.budget.cells=20`, or `search=null` for none;
 * undefined where there is none.
 * @throws InvalidConfigurationError with everything that is wrong
 */
export function readSearch(source: ConfigurationSource, overrides: readonly string[] = []): Search | undefined {
  const own = overrides.filter(isOfSearch);
  const file: Readonly<Record<string, unknown>> = { search: source.value['search'] };
  const written = own.reduce((value, text) => applyOverride(value, parseOverride(text)), file)['search'];
  if (written === undefined || (written === null && own.length > 0)) return undefined;
  const outcome = searchSection.safeParse(written, { error: describeIssue, reportInput: true });
  if (outcome.success) {
    const { sampler, budget } = outcome.data;
    if (sampler === 'order' || Object.values(budget).some((value) => value !== undefined)) return outcome.data;
    const message =
      'tpe chooses which cells are worth a budget; give it one: budget: { cells: 20 }, or steps, or hours';
    throw new InvalidConfigurationError([
      { path: 'search.sampler', message, place: source.place(['search', 'sampler']) },
    ]);
  }
  throw new InvalidConfigurationError(
    outcome.error.issues.map(({ path, message }) => {
      const where = ['search', ...path];
      return { path: where.map(String).join('.'), message, place: source.place(where) };
    }),
  );
}

/**
 * Epochs at which cells are compared, the last training epoch left out: there a cell is finished.
 * @param warmup epochs at the warm-up's learning rate, which say nothing of a cell's own: the rungs are counted from their end
 */
export function rungsOf({ method, first, reduction }: Search, epochs: number, warmup = 0): number[] {
  const rungs: number[] = [];
  if (method === 'whole') return rungs;
  for (let rung = first; warmup + rung < epochs; rung *= reduction) rungs.push(warmup + rung);
  return rungs;
}

/** What keeps a cell from being searched; undefined where nothing does. */
export function unsearchable({ train }: ResolvedConfiguration): string | undefined {
  if (train.evaluateOn !== 'val') return 'train.evaluateOn is test, and test images choose nothing: set it to val';
  if (train.evaluateEvery !== 1) return 'cells are compared after epochs: set train.evaluateEvery=1';
  return undefined;
}
