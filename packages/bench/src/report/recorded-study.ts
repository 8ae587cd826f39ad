import type { RunDataset } from '@promptweave/core';
import { figureTitle } from '@promptweave/core/experiment';
import { datasetOf } from '../protocols/run-tracked.js';
import type { SweepOutcome } from '../sweep/sweep-tracker.js';
import { configurationOf, resultOf } from './run-details.js';
import { rowOfChoice } from '../sweep/short-text.js';
import { studyText } from './study-text.js';
import { bestOf, type Study } from './study.js';
import { figureText } from './table.js';

/** What trackers are told of a study: the best row with its figures, the table, and the data sets that finished cells were computed from. */
export function recordedStudy(study: Study): SweepOutcome {
  const best = bestOf(study);
  const figures = Object.entries(best?.row.figures ?? {});
  const title = (name: string): string => figureTitle(name, study.kinds.get(name));
  const told = best && `${rowOfChoice(best.cell)}: ${title(best.figure)} ${figureText(best.row.figures[best.figure]!)}`;
  return {
    values: Object.fromEntries(figures.map(([name, { mean }]) => [`best/${title(name)}`, mean])),
    tags: told === undefined ? {} : { 'promptweave.best': told },
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
