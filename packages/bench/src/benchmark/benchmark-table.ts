import type { FigureKind } from '@promptweave/core';
import { figureTitle } from '@promptweave/core/experiment';
import { HM, MEAN_OF_HMS, shownName } from '../report/row-figures.js';
import { smallerIsBetter } from '../protocols/figure-unit.js';
import { SIGNIFICANT } from '../report/paper-table.js';
import { withPlaces, type NumberCell } from '../report/place-marks.js';
import type { Figure } from '../report/figure.js';
import type { TextCell, TextTable } from '../report/table.js';
import { figureAt, hasHarmonicMean, type BenchmarkResult, type BenchmarkRow } from './benchmark-result.js';

/** Whether a difference of a row to the baseline is not chance. */
export type IsMarked = (row: BenchmarkRow, dataset: string, figure: string) => boolean;

/** The average over data sets of each harmonic mean is made in its own way. */
const BOTH: Readonly<Record<string, 'ofAverages' | 'meanOfDatasets'>> = {
  [HM]: 'ofAverages',
  [MEAN_OF_HMS]: 'meanOfDatasets',
};

/**
 * The table of a paper: rows are methods, columns data sets and their average. Where a protocol has several figures, each has a row of
 * its own; with a single data set the figures are the columns.
 */
export function benchmarkTable(
  { protocol, datasets, figures, kinds, rows }: BenchmarkResult,
  isMarked: IsMarked = () => false,
): TextTable {
  const kindOf = (figure: string): FigureKind => (Object.hasOwn(kinds, figure) ? kinds[figure]! : {});
  const title = (figure: string): string => figureTitle(shownName(figure), kindOf(figure));
  const placed = (row: BenchmarkRow, figure: string, value: number | undefined, shown: string): NumberCell => ({
    ...number(shown),
    ...(value !== undefined &&
      !row.published && { value, less: smallerIsBetter(kindOf(figure)), group: JSON.stringify([figure, row.shots]) }),
  });
  const at = (row: BenchmarkRow, dataset: string, figure: string): NumberCell => {
    const found = Object.hasOwn(row.datasets, dataset) ? figureAt(row.datasets[dataset]!, figure) : undefined;
    const mark = !row.published && found && isMarked(row, dataset, figure) ? { mark: SIGNIFICANT } : {};
    return { ...placed(row, figure, found?.mean, text(found, kindOf(figure))), ...mark };
  };
  const withShots = new Set(rows.map(({ shots }) => shots)).size > 1;
  const lead = ({ method, shots, published }: BenchmarkRow): TextCell[] => [
    { text: published ? `${method} (published)` : method },
    ...(withShots ? [number(shots === undefined ? '' : String(shots))] : []),
  ];
  const head = ['method', ...(withShots ? ['shots'] : [])];
  const [only] = datasets;
  if (datasets.length === 1) {
    return {
      head: [...head, ...figures.map((figure) => (figures.length > 1 ? title(figure) : only!))],
      rows: withPlaces(rows.map((row) => [...lead(row), ...figures.map((name) => at(row, only!, name))])),
    };
  }
  const several = figures.length > 1;
  return {
    head: [...head, ...(several ? ['figure'] : []), ...datasets, 'average'],
    groups: several ? rows.map((_, i) => i * figures.length) : [],
    rows: withPlaces(
      rows.flatMap((row) =>
        figures.map((figure) => {
          const cells = datasets.map((dataset) => at(row, dataset, figure));
          const harmonic = hasHarmonicMean(protocol) && Object.hasOwn(BOTH, figure);
          const average = harmonic ? row.harmonicMeans?.[BOTH[figure]!] : averageOf(row, figure);
          return [
            ...lead(row),
            ...(several ? [{ text: title(figure) }] : []),
            ...cells,
            placed(row, figure, average, average === undefined ? '' : digits(average, kindOf(figure))),
          ];
        }),
      ),
    ),
  };
}

function averageOf({ average = {} }: BenchmarkRow, figure: string): number | undefined {
  return Object.hasOwn(average, figure) ? average[figure] : undefined;
}

function text(figure: Figure | undefined, kind: FigureKind): string {
  if (figure === undefined) return '';
  const middle = digits(figure.mean, kind);
  return figure.count > 1 ? `${middle} ± ${digits(figure.sd, kind)}` : middle;
}

/** Hundredths of a percent, as the papers give them; three significant digits of other units. */
function digits(value: number, { unit }: FigureKind): string {
  if (unit === undefined) return value.toFixed(2);
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

function number(value: string): TextCell {
  return { text: value, number: true };
}
