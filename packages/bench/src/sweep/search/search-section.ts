import {
  describeIssue,
  InvalidConfigurationError,
  type ConfigurationSource,
  type ResolvedConfiguration,
} from '@promptweave/core/experiment';
import { z } from 'zod';

const section = z.strictObject({
  method: z.literal('asha').default('asha').describe('Successive halving (Li et al. 2020, arXiv 1810.05934).'),
  reduction: z.int().min(2).default(3).describe('One of so many cells goes on from each rung to the next.'),
  first: z
    .int()
    .min(1)
    .default(1)
    .describe('Epochs of the first rung; each further one has `reduction` times as many.'),
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
    .prefault({}),
});

/** How the cells of a grid are searched instead of all being run to their ends. */
export type Search = z.output<typeof section>;

/**
 * The `search` section of a configuration; undefined where there is none.
 * @throws InvalidConfigurationError with everything that is wrong
 */
export function readSearch(source: ConfigurationSource): Search | undefined {
  const written = source.value['search'];
  if (written === undefined) return undefined;
  const outcome = section.safeParse(written, { error: describeIssue, reportInput: true });
  if (outcome.success) return outcome.data;
  throw new InvalidConfigurationError(
    outcome.error.issues.map(({ path, message }) => {
      const where = ['search', ...path];
      return { path: where.map(String).join('.'), message, place: source.place(where) };
    }),
  );
}

/** Epochs at which cells are compared, the last training epoch left out: there a cell is finished. */
export function rungsOf({ first, reduction }: Search, epochs: number): number[] {
  const rungs: number[] = [];
  for (let rung = first; rung < epochs; rung *= reduction) rungs.push(rung);
  return rungs;
}

/** What keeps a cell from being searched; undefined where nothing does. */
export function unsearchable({ train }: ResolvedConfiguration): string | undefined {
  if (train.evaluateOn !== 'val') return 'train.evaluateOn is test, and test images choose nothing: set it to val';
  if (train.evaluateEvery !== 1) return 'cells are compared after epochs: set train.evaluateEvery=1';
  return undefined;
}
