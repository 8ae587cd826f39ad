import type { FigureKind } from '@promptweave/core';
import { figureTitle } from '@promptweave/core/experiment';
import type { Figure } from '../report/study.js';
import type { TextCell, TextTable } from '../report/table.js';
import { figureAt, hasHarmonicMean, type BenchmarkResult, type BenchmarkRow } from './benchmark-result.js';

const HM = 'HM';
/** What the two harmonic means over several data sets are called. */
const HM_ROWS = { meanOfDatasets: 'HM, average = mean of HMs', ofAverages: 'HM, average = of the averages' } as const;

/**
 * The table of a paper: rows are methods, columns data sets and their average. Where a protocol has several figures, each has a row of
 * its own; with a single data set the figures are the columns.
 */
export function benchmarkTable({ protocol, datasets, figures, kinds, rows }: BenchmarkResult): TextTable {
  const kindOf = (figure: string): FigureKind => (Object.hasOwn(kinds, figure) ? kinds[figure]! : {});
  const title = (figure: string): string => figureTitle(figure, kindOf(figure));
  const at = ({ datasets: all }: BenchmarkRow, dataset: string, figure: string): TextCell => {
    const found = Object.hasOwn(all, dataset) ? figureAt(all[dataset]!, figure) : undefined;
    return number(text(found, kindOf(figure)));
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
      rows: rows.map((row) => [...lead(row), ...figures.map((name) => at(row, only!, name))]),
    };
  }
  const several = figures.length > 1;
  return {
    head: [...head, ...(several ? ['figure'] : []), ...datasets, 'average'],
    rows: rows.flatMap((row) =>
      figures.flatMap((figure) => {
        const cells = datasets.map((dataset) => at(row, dataset, figure));
        const line = (label: string, own: readonly TextCell[], average: number | undefined): TextCell[] => [
          ...lead(row),
          ...(several ? [{ text: label }] : []),
          ...own,
          number(average === undefined ? '' : digits(average, kindOf(figure))),
        ];
        if (!hasHarmonicMean(protocol) || figure !== HM) return [line(title(figure), cells, averageOf(row, figure))];
        const { meanOfDatasets, ofAverages } = row.harmonicMeans ?? {};
        return [
          line(HM_ROWS.meanOfDatasets, cells, meanOfDatasets),
          line(
            HM_ROWS.ofAverages,
            datasets.map(() => number('')),
            ofAverages,
          ),
        ];
      }),
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
