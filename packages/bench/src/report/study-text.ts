import { runFile, runFiles, slug } from '@promptweave/core/experiment';
import { describeChoice } from '../sweep/short-text.js';
import { differenceText, type Comparison } from './analysis/comparison.js';

import { longCsv, longRows } from './long-form.js';
import { marksText, paperTable } from './paper-table.js';
import { shownName } from './row-figures.js';
import { protocolText } from './run-details.js';
import {
  CHOSEN,
  chosenRows,
  markdownText,
  renderTable,
  studyTable,
  visible,
  type TableFormat,
  type TextCell,
} from './table.js';
import { isSearched, type Study } from './study.js';

/** What a table is written with. */
export interface TextOptions {
  /** Differences that are not chance are marked by it, in tables for papers. */
  readonly comparison?: Comparison;
  /** Adds p-values, corrected by Holm. */
  readonly holm?: boolean;
}

/**
 * The table of a study in any format, with what failed and what is missing where the format is for people. CSV and JSON are in long form: one row a
 * cell and figure. LaTeX and Markdown have methods as rows and data sets as columns.
 */
export function studyText(study: Study, format: TableFormat, { comparison, holm = false }: TextOptions = {}): string {
  if (format === 'json') return JSON.stringify(studyJson(study, comparison), undefined, 2);
  if (format === 'csv') return longCsv(longRows(study, comparison));
  const title = `${study.name}, ${protocolText(study)}`;
  if (format === 'latex') {
    const caption = `${title}. ${spreadText(study)}. ${marksText(comparison, isSearched(study.rows))}`;
    return renderTable(paperTable(study, comparison), 'latex', caption, `tab:${slug(study.name)}`);
  }
  const table = renderTable(format === 'markdown' ? paperTable(study, comparison) : studyTable(study), format, title);
  const extra = comparison && holm ? [holmTable(study, comparison, format)] : [];
  const written = format === 'markdown' ? markdownText : visible;
  const texts = [legend(study), ...earlyStops(study), ...openCells(study), ...damage(study), ...failures(study)].map(
    written,
  );
  const marks = format === 'markdown' ? [written(marksText(comparison, isSearched(study.rows)))] : [];
  return [written(title), table, ...marks, ...extra, ...texts].join(format === 'markdown' ? '\n\n' : '\n');
}

/** The study as plain data: rows with figures as fractions, cells with their states. */
export function studyJson(
  { name, protocol, folder, axes, figures, kinds, rows, cells, seeds, failures: failed, damaged }: Study,
  comparison?: Comparison,
): object {
  const chosen = new Set([...chosenRows(rows)].map((row) => row.validated));
  return {
    ...{ name, protocol, folder, axes, figures },
    kinds: Object.fromEntries(kinds),
    rows: rows.map(({ values, figures: own, parameters, seconds, cells: of, validated: judged }) => ({
      ...{ values, figures: own, parameters, seconds },
      ...(judged && { validation: judged.accuracy, chosen: chosen.has(judged) }),
      cells: of.map(({ id }) => id),
    })),
    cells: cells.map(({ id, name: own, values, state }) => ({
      ...{ id, name: own, values, status: state.status },
      ...(state.status === 'finished' && { outcome: state.outcome }),
    })),
    failures: failed.map(({ cell, failure }) => ({ cell: cell.id, ...failure })),
    damaged,
    values: longRows(
      { name, protocol, folder, axes, figures, kinds, rows, cells, seeds, failures: failed, damaged },
      comparison,
    ),
  };
}

/** The differences to the baseline with their p-values, one a row and figure. */
function holmTable(
  { rows, figures, axes }: Study,
  { baselines: [baseline] }: Comparison,
  format: 'table' | 'markdown',
): string {
  const differences = rows.flatMap((row, r) =>
    figures.flatMap((figure) => {
      const own = baseline!.differences[r];
      const found = own && Object.hasOwn(own, figure) ? own[figure]! : undefined;
      if (!found || found.p === undefined) return [];
      const number = (value: number): TextCell => ({
        text: value < 0.001 ? '< 0.001' : value.toFixed(3),
        number: true,
      });
      return [
        [
          ...row.labels.map((text) => ({ text })),
          { text: shownName(figure) },
          { text: differenceText(found), number: true },
          number(found.p),
          number(found.holm!),
        ],
      ];
    }),
  );
  const head = [...axes, 'figure', `above ${baseline!.name}`, 'p', `p (Holm, ${differences.length})`];
  return renderTable({ head, rows: differences }, format);
}

function legend(study: Study): string {
  const best = isSearched(study.rows) ? `${CHOSEN}, which test images did not` : 'best of its data set';
  const marks = study.rows.length > 1 ? `; * ${best}` : '';
  return `${spreadText(study)}${marks}. Time: training and evaluation of one cell.`;
}

/** In what the numbers are, and what stands behind ±. */
function spreadText({ seeds }: Study): string {
  return seeds.length > 1 ? `Percent, mean ± standard deviation over seeds ${seeds.join(', ')}` : 'Percent, one seed';
}

/** Cells whose training validation ended before its last epoch. */
export function earlyStops({ cells }: Pick<Study, 'cells'>): string[] {
  const epochs = cells.flatMap(({ state }) => {
    const after = state.status === 'finished' ? state.outcome.stoppedAfter : undefined;
    return after === undefined ? [] : [after];
  });
  if (epochs.length === 0) return [];
  const [first, last] = [Math.min(...epochs), Math.max(...epochs)];
  const after = first === last ? `epoch ${first}` : `epochs ${first} to ${last}`;
  return [`Validation ended the training of ${epochs.length} of ${cells.length} cells early, after ${after}.`];
}

function openCells({ cells }: Study): string[] {
  const count = (...statuses: readonly string[]): number =>
    cells.filter(({ state }) => statuses.includes(state.status)).length;
  const [stopped, done] = [count('paused'), count('finished', 'failed')];
  const open = cells.length - done - stopped;
  return [
    ...(stopped === 0 ? [] : [`The search has stopped ${stopped} of ${cells.length} cells.`]),
    ...(open === 0 ? [] : [`${open} of ${cells.length} cells are not finished yet.`]),
  ];
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
