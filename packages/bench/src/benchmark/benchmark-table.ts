import { figureUnit } from '../protocols/figure-unit.js';
import type { Figure } from '../report/study.js';
import type { TextCell, TextTable } from '../report/table.js';
import type { BenchmarkResult, BenchmarkRow } from './benchmark-result.js';

const HM = 'HM';
/** What the two harmonic means over several data sets are called. */
const HM_ROWS = { meanOfDatasets: 'HM, average = mean of HMs', ofAverages: 'HM, average = of the averages' } as const;

/**
 * The table of a paper: rows are methods, columns data sets and their average. Where a protocol has several figures, each has a row of
 * its own; with a single data set the figures are the columns.
 */
export function benchmarkTable({ datasets, figures, rows }: BenchmarkResult): TextTable {
  const withShots = new Set(rows.map(({ shots }) => shots)).size > 1;
  const lead = ({ method, shots, published }: BenchmarkRow): TextCell[] => [
    { text: published ? `${method} (published)` : method },
    ...(withShots ? [number(shots === undefined ? '' : String(shots))] : []),
  ];
  const head = ['method', ...(withShots ? ['shots'] : [])];
  const [only] = datasets;
  if (datasets.length === 1) {
    return {
      head: [...head, ...figures.map((figure) => (figures.length > 1 ? figure : only!))],
      rows: rows.map((row) => [
        ...lead(row),
        ...figures.map((name) => number(text(row.datasets[only!]?.[name], name))),
      ]),
    };
  }
  const several = figures.length > 1;
  return {
    head: [...head, ...(several ? ['figure'] : []), ...datasets, 'average'],
    rows: rows.flatMap((row) =>
      figures.flatMap((figure) => {
        const cells = datasets.map((dataset) => number(text(row.datasets[dataset]?.[figure], figure)));
        const line = (label: string, own: readonly TextCell[], average: number | undefined): TextCell[] => [
          ...lead(row),
          ...(several ? [{ text: label }] : []),
          ...own,
          number(average === undefined ? '' : digits(average, figure)),
        ];
        if (figure !== HM) return [line(figure, cells, row.average?.[figure])];
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

function text(figure: Figure | undefined, name: string): string {
  if (figure === undefined) return '';
  const middle = digits(figure.mean, name);
  return figure.count > 1 ? `${middle} ± ${digits(figure.sd, name)}` : middle;
}

/** Hundredths of a percent, as the papers give them; three significant digits of other units. */
function digits(value: number, figure: string): string {
  if (figureUnit(figure) === undefined) return value.toFixed(2);
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

function number(value: string): TextCell {
  return { text: value, number: true };
}
