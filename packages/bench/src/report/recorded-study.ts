import type { RunDataset } from '@promptweave/core';
import { figureTitle } from '@promptweave/core/experiment';
import { datasetOf } from '../protocols/run-tracked.js';
import type { SweepOutcome } from '../sweep/sweep-tracker.js';
import { configurationOf, resultOf } from './run-details.js';
import { rowOfChoice } from '../sweep/short-text.js';
import { studyText } from './study-text.js';
import { searchedAlike, sharedText } from '../sweep/tested-alike.js';
import { groupBy } from './analysis/group-by.js';
import { bestOf, isSearched, type Study } from './study.js';
import { CHOSEN, figureText } from './table.js';

/**
 * What trackers are told of a study: the best row with its figures, the table, and the data sets that finished cells were computed from. Rows of
 * different data sets, protocols and numbers of shots are not compared with each other: each has its best. Of a search, validation images choose it.
 */
export function recordedStudy(study: Study): SweepOutcome {
  const groups = [...groupBy(study.rows, ({ values }) => searchedAlike(values)).values()];
  const title = (name: string): string => figureTitle(name, study.kinds.get(name));
  const found = groups.flatMap((rows) => {
    const best = bestOf({ ...study, rows });
    if (!best) return [];
    const { row, cell, figure } = best;
    const place = groups.length > 1 ? `best/${sharedText(row.values) || 'others'}` : 'best';
    const values = Object.entries(row.figures).map(([name, { mean }]) => [`${place}/${title(name)}`, mean] as const);
    return [{ values, told: `${rowOfChoice(cell)}: ${title(figure)} ${figureText(row.figures[figure]!)}` }];
  });
  const chosen = isSearched(study.rows) ? ` (${CHOSEN})` : '';
  return {
    values: Object.fromEntries(found.flatMap(({ values }) => values)),
    tags: found.length === 0 ? {} : { 'promptweave.best': found.map(({ told }) => told).join('; ') + chosen },
    summary: studyText(study, 'markdown'),
    datasets: datasetsOf(study),
  };
}

function datasetsOf({ rows }: Study): RunDataset[] {
  const found = new Map<string, RunDataset>();
  for (const row of rows) {
    const configuration = configurationOf(row);
    for (const cell of row.cells) {
      const result = cell.state.status === 'finished' ? resultOf(cell) : undefined;
      if (!configuration || !result) continue;
      const dataset = datasetOf(configuration, result);
      found.set(JSON.stringify([dataset.name, dataset.digest]), dataset);
    }
  }
  return [...found.values()];
}
