import type { FigureKind } from '@promptweave/core';
import { figureTitle } from '@promptweave/core/experiment';
import { shownText, smallerIsBetter } from '../protocols/figure-unit.js';
import { harmonicMean, mean } from '../protocols/means.js';
import type { Comparison } from './analysis/comparison.js';
import { groupBy } from './analysis/group-by.js';
import { datasetAxes, datasetLabel, methodAxes, SHOTS } from './data-axes.js';
import { withPlaces, type NumberCell } from './place-marks.js';
import { HM, MEAN_OF_HMS, shownName } from './row-figures.js';
import { isSearched, type Study, type StudyRow } from './study.js';
import { CHOSEN, chosenRows, figureText, type TextTable } from './table.js';

/** The sign of a difference to the baseline whose interval is on one side of 0. */
export const SIGNIFICANT = '†';

/**
 * The table of a paper: methods as rows, data sets as columns and their average; with a single data set, the figures are the columns. The best of a
 * column is marked, and the second. Learned parameters and times are in the report.
 */
export function paperTable(study: Study, comparison?: Comparison): TextTable {
  const { axes, figures, kinds, rows } = study;
  const ofDataset = datasetAxes(study);
  const lead = axes.flatMap((_, i) => (ofDataset.includes(i) ? [] : [i]));
  const names = [...new Set(rows.map((row) => datasetLabel(study, row)))];
  const methods = [...groupBy(rows, (row) => JSON.stringify(lead.map((i) => row.labels[i]))).values()];
  const isMarked = marksOf(study, comparison);
  const chosen = isSearched(rows) ? chosenRows(rows) : undefined;
  const cell = (row: StudyRow | undefined, figure: string, group: string): NumberCell => {
    const found = row && Object.hasOwn(row.figures, figure) ? row.figures[figure] : undefined;
    if (!row || !found) return { text: '', number: true };
    const mark = isMarked(row, figure) ? { mark: SIGNIFICANT } : {};
    const text = { text: figureText(found), number: true, ...mark };
    if (chosen) return { ...text, best: chosen.has(row) };
    return { ...text, value: found.mean, less: smallerIsBetter(found), group };
  };
  const shots = axes.indexOf(SHOTS);
  const groupOf = (row: StudyRow): string => (shots < 0 ? '' : row.labels[shots]!);
  const titles = lead.map((i) => axes[i]!);
  const title = (figure: string): string => figureTitle(shownName(figure), kinds.get(figure));
  const labels = (row: StudyRow): NumberCell[] => lead.map((i) => ({ text: row.labels[i]! }));
  if (names.length < 2) {
    return {
      head: [...titles, ...figures.map(title)],
      rows: withPlaces(rows.map((row) => [...labels(row), ...figures.map((name) => cell(row, name, groupOf(row)))])),
    };
  }
  const several = figures.length > 1;
  const lines = methods.flatMap((own) =>
    figures.map((figure): NumberCell[] => {
      const byName = new Map(own.map((row) => [datasetLabel(study, row), row]));
      const group = JSON.stringify([figure, groupOf(own[0]!)]);
      const all = names.map((name) => byName.get(name));
      const average = averageOf(all, figure);
      const kind = kinds.get(figure) ?? {};
      const last: NumberCell =
        average === undefined ? { text: '', number: true } : averageCell(kind, average, chosen ? undefined : group);
      return [
        ...labels(own[0]!),
        ...(several ? [{ text: title(figure) }] : []),
        ...all.map((row) => cell(row, figure, group)),
        last,
      ];
    }),
  );
  const groups = several ? methods.map((_, i) => i * figures.length) : [];
  return { head: [...titles, ...(several ? ['figure'] : []), ...names, 'average'], rows: withPlaces(lines), groups };
}

/** Methods as rows, numbers of shots as columns, and the average of a figure over the data sets; empty where a data set is missing. */
export function averageTable(study: Study, figure: string): TextTable {
  const { axes, rows, kinds } = study;
  const lead = methodAxes(study);
  const shots = axes.indexOf(SHOTS);
  const counts = [...new Set(rows.map(({ labels }) => labels[shots]!))];
  const names = [...new Set(rows.map((row) => datasetLabel(study, row)))];
  const kind = kinds.get(figure) ?? {};
  const lines = [...groupBy(rows, (row) => JSON.stringify(lead.map((i) => row.labels[i]))).values()].map((own) => [
    ...lead.map((i): NumberCell => ({ text: own[0]!.labels[i]! })),
    ...counts.map((count): NumberCell => {
      const ofCount = own.filter(({ labels }) => labels[shots] === count);
      const all = names.map((name) => ofCount.find((row) => datasetLabel(study, row) === name));
      const value = averageOf(all, figure);
      if (value === undefined) return { text: '', number: true };
      return averageCell(kind, value, isSearched(rows) ? undefined : '');
    }),
  ]);
  const heads = counts.map((count) => `${count} shot${count === '1' ? '' : 's'}`);
  return { head: [...lead.map((i) => axes[i]!), ...heads], rows: withPlaces(lines) };
}

/** @param group cells that are compared with each other; nothing is where a search chose, which did so for each data set */
function averageCell(kind: FigureKind, value: number, group: string | undefined): NumberCell {
  const text = { text: shownText(kind, value, 1), number: true };
  return group === undefined ? text : { ...text, value, less: smallerIsBetter(kind), group };
}

/** Over the data sets, where all have the figure: the harmonic mean of means is that of the average base and novel accuracies. */
function averageOf(rows: readonly (StudyRow | undefined)[], figure: string): number | undefined {
  const over = (name: string): number | undefined => {
    const found = rows.map((row) => (row && Object.hasOwn(row.figures, name) ? row.figures[name]!.mean : undefined));
    return found.every((value) => value !== undefined) ? mean(found) : undefined;
  };
  const isHarmonic = figure === HM && rows.some((row) => row && Object.hasOwn(row.figures, MEAN_OF_HMS));
  if (!isHarmonic) return over(figure);
  const [base, novel] = [over('base'), over('novel')];
  return base === undefined || novel === undefined ? undefined : harmonicMean(base, novel);
}

function marksOf({ rows }: Study, comparison?: Comparison): (row: StudyRow, figure: string) => boolean {
  const differences = comparison?.baselines[0]?.differences ?? [];
  const byRow = new Map(rows.map((row, i) => [row, differences[i]]));
  return (row, figure) => {
    const own = byRow.get(row);
    const interval = own && Object.hasOwn(own, figure) ? own[figure]!.interval : undefined;
    return interval !== undefined && (interval.low > 0 || interval.high < 0);
  };
}

/** What a caption says of the marks. @param searched whether validation images chose, and not the figures */
export function marksText(comparison?: Comparison, searched = false): string {
  const [baseline] = comparison?.baselines ?? [];
  const compared = baseline
    ? ` ${SIGNIFICANT} the 95 % interval of the difference to ${baseline.name}, by paired bootstrap draws of images and seeds, is on one side of 0.`
    : '';
  const best = searched ? `Bold: ${CHOSEN}.` : 'Best of each column bold, second underlined.';
  return `${best}${compared}`;
}
