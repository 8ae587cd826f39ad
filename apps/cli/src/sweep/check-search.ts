import {
  describeChoice,
  searchedAlike,
  sharedText,
  unsearchable,
  type PlannedCell,
  type Search,
} from '@promptweave/bench';
import { ConfigError } from '@promptweave/core';

/** @throws ConfigError where the cells cannot be compared while they train, or not by this engine */
export function checkSearch(
  search: Search,
  planned: readonly PlannedCell[],
  { engine, limit }: { readonly engine?: string; readonly limit?: number },
): void {
  if (engine === 'ray') {
    throw new ConfigError(
      'A search stops cells and lets the best go on, from checkpoints that stay on the nodes of Ray.',
      {
        where: '--engine ray',
        remedy: 'Search with --engine local or slurm, whose cells share a folder.',
      },
    );
  }
  if (limit !== undefined) {
    throw new ConfigError('A search decides itself which cells run.', {
      where: '--limit',
      remedy: 'Give it a budget in the configuration: search: { budget: { cells: 20 } }.',
    });
  }
  for (const cell of planned) {
    const why = unsearchable(cell.configuration);
    if (why) throw new ConfigError(`The cell ${describeChoice(cell)} cannot be searched: ${why}.`, { where: 'search' });
  }
  const shared = new Map(planned.map(({ values }) => [searchedAlike(values), sharedText(values)]));
  if (search.sampler === 'tpe' && shared.size > 1) {
    const names = [...shared.values()].map((text) => text || 'that of the file').join('; ');
    throw new ConfigError(
      `tpe learns from the accuracies of all cells, and those of different data sets, protocols and numbers of shots are not to be compared: ${names}.`,
      { where: 'search.sampler', remedy: 'Search each alone, or with sampler: order, which halves each by itself.' },
    );
  }
}
