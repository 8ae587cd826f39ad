import type { ProtocolSummary } from '@promptweave/core';
import { figureOf } from '@promptweave/core/experiment';
import type { CellOutcome } from '../sweep/cell-folder.js';
import type { Comparison } from './analysis/comparison.js';
import { resampleCells } from './analysis/resampled-figures.js';
import { interval } from './analysis/resampling.js';
import { resultOf } from './run-details.js';
import type { Study } from './study.js';

/** A number of a study: one cell and figure, or one row of cells and figure. */
export interface LongRow {
  readonly study: string;
  readonly protocol: string;
  /** `cell` is one seed; `row` the mean over the seeds of cells that differ in nothing else. */
  readonly of: 'cell' | 'row';
  /** Values of the axes, as tables show them. */
  readonly axes: Readonly<Record<string, string>>;
  readonly seed?: number;
  /** Identity of the cell. */
  readonly cell?: string;
  /** Commit that it was computed with, with a + where files were changed. */
  readonly commit?: string;
  readonly figure: string;
  /** Fractions have none. */
  readonly unit?: string;
  readonly value: number;
  /** Middle 95 % over draws of the test images, of a row also of the seeds. */
  readonly low?: number;
  readonly high?: number;
  /** Standard deviation over seeds, and their number. */
  readonly deviation?: number;
  readonly seeds?: number;
  /** The difference to the baseline. */
  readonly baseline?: string;
  readonly difference?: number;
  readonly differenceLow?: number;
  readonly differenceHigh?: number;
  readonly p?: number;
  readonly pHolm?: number;
}

/** Every number of a study. */
export function longRows(study: Study, comparison?: Comparison): LongRow[] {
  const { name, protocol, axes, rows, figures } = study;
  const resampled = resampleCells(study);
  const [baseline] = comparison?.baselines ?? [];
  return rows.flatMap((row, r): LongRow[] => {
    const labels = Object.fromEntries(axes.map((axis, i) => [axis, row.labels[i]!]));
    const base = { study: name, protocol, axes: labels };
    const draws = resampled.rows[r];
    const ofCells = row.cells.flatMap((cell): LongRow[] => {
      if (cell.state.status !== 'finished') return [];
      const own = resampled.cells.get(cell);
      const git = resultOf(cell)?.provenance.git;
      const { seed } = cell.values;
      return Object.entries(figuresOf(cell.state.outcome)).map(([figure, entry]): LongRow => {
        const { value, unit } = figureOf(entry);
        return {
          ...{ ...base, of: 'cell' as const, cell: cell.id, figure, value },
          ...(typeof seed === 'number' && { seed }),
          ...(git && { commit: `${git.commit}${git.changed ? '+' : ''}` }),
          ...(unit !== undefined && { unit }),
          ...bounds(own?.get(figure)),
        };
      });
    });
    const ofRow = figures.flatMap((figure): LongRow[] => {
      const found = Object.hasOwn(row.figures, figure) ? row.figures[figure] : undefined;
      if (!found) return [];
      const all = baseline?.differences[r];
      const difference = all && Object.hasOwn(all, figure) ? all[figure] : undefined;
      return [
        {
          ...{ ...base, of: 'row' as const, figure, value: found.mean, seeds: found.count },
          ...(found.unit !== undefined && { unit: found.unit }),
          ...(found.count > 1 && { deviation: found.sd }),
          ...bounds(draws?.figures.get(figure)),
          ...(difference && {
            baseline: baseline!.name,
            difference: difference.mean,
            ...(difference.interval && {
              differenceLow: difference.interval.low,
              differenceHigh: difference.interval.high,
            }),
            ...(difference.p !== undefined && { p: difference.p, pHolm: difference.holm }),
          }),
        },
      ];
    });
    return [...ofCells, ...ofRow];
  });
}

/** What the protocol tells of a cell, and what it took. */
function figuresOf({ summary, parameters, seconds }: CellOutcome): ProtocolSummary {
  return {
    ...summary,
    'learned values': { value: parameters, unit: 'numbers', better: 'less' },
    'training time': { value: seconds, unit: 's', better: 'less' },
  };
}

function bounds(draws: Float64Array | undefined): Pick<LongRow, 'low' | 'high'> {
  return draws ? interval(draws) : {};
}

const COLUMNS = [
  ...(['seed', 'cell', 'commit', 'figure', 'unit', 'value', 'low', 'high', 'deviation', 'seeds'] as const),
  ...(['baseline', 'difference', 'differenceLow', 'differenceHigh', 'p', 'pHolm'] as const),
];

/** The numbers as CSV; numbers have all of their digits. */
export function longCsv(rows: readonly LongRow[]): string {
  const axes = [...new Set(rows.flatMap((row) => Object.keys(row.axes)))];
  const line = (values: readonly unknown[]): string => values.map(csvValue).join(',');
  return [
    line(['study', 'protocol', 'of', ...axes, ...COLUMNS]),
    ...rows.map((row) =>
      line([row.study, row.protocol, row.of, ...axes.map((axis) => row.axes[axis]), ...COLUMNS.map((key) => row[key])]),
    ),
  ].join('\n');
}

function csvValue(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = String(value);
  // Text that begins as a formula does gets an apostrophe, as spreadsheets show it: no name is computed.
  const safe = /^\s*[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
