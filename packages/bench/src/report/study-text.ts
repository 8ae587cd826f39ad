import { runFile, runFiles } from '@promptweave/core/experiment';
import { describeChoice } from '../sweep/short-text.js';
import { markdownText, renderTable, studyTable, visible, type TableFormat } from './table.js';
import type { Study } from './study.js';

/** The table of a study in any format, with what failed and what is missing where the format is for people. */
export function studyText(study: Study, format: TableFormat): string {
  if (format === 'json') return JSON.stringify(studyJson(study), undefined, 2);
  const title = `${study.name}, ${study.protocol}`;
  const table = renderTable(studyTable(study), format, title);
  if (format === 'csv' || format === 'latex') return table;
  const written = format === 'markdown' ? markdownText : visible;
  const texts = [legend(study), ...openCells(study), ...damage(study), ...failures(study)].map(written);
  return [written(title), table, ...texts].join(format === 'markdown' ? '\n\n' : '\n');
}

/** The study as plain data: rows with figures as fractions, cells with their states. */
export function studyJson({
  name,
  protocol,
  folder,
  axes,
  figures,
  kinds,
  rows,
  cells,
  failures: failed,
  damaged,
}: Study): object {
  return {
    ...{ name, protocol, folder, axes, figures },
    kinds: Object.fromEntries(kinds),
    rows: rows.map(({ values, figures: own, parameters, seconds, cells: of }) => ({
      ...{ values, figures: own, parameters, seconds },
      cells: of.map(({ id }) => id),
    })),
    cells: cells.map(({ id, name: own, values, state }) => ({
      ...{ id, name: own, values, status: state.status },
      ...(state.status === 'finished' && { outcome: state.outcome }),
    })),
    failures: failed.map(({ cell, failure }) => ({ cell: cell.id, ...failure })),
    damaged,
  };
}

function legend({ seeds, rows }: Study): string {
  const spread =
    seeds.length > 1 ? `percent, mean ± standard deviation over seeds ${seeds.join(', ')}` : 'percent, one seed';
  return `${spread[0]!.toUpperCase()}${spread.slice(1)}${rows.length > 1 ? '; * best' : ''}. Time: training and evaluation of one cell.`;
}

function openCells({ cells }: Study): string[] {
  const open = cells.filter(({ state }) => !['finished', 'failed'].includes(state.status)).length;
  return open === 0 ? [] : [`${open} of ${cells.length} cells are not finished yet.`];
}

function damage({ damaged }: Study): string[] {
  if (damaged.length === 0) return [];
  const files = damaged.length === 1 ? '1 file of a cell is' : `${damaged.length} files of cells are`;
  const lines = damaged.map(({ file, message }) => `  ${file}: ${message}`);
  return [`${files} damaged; these cells are not counted until the sweep runs again:`, ...lines];
}

function failures({ failures: failed }: Study): string[] {
  if (failed.length === 0) return [];
  const lines = failed.map(({ cell, failure }) => {
    const remedy = failure.remedy === undefined ? '' : ` ${failure.remedy}`;
    return `  ${describeChoice(cell)}: ${failure.message}${remedy} (${runFile(cell.folder.path, runFiles.log)})`;
  });
  return [`${failed.length} ${failed.length === 1 ? 'cell' : 'cells'} failed:`, ...lines];
}
