import { canonicalJson, figureTitle } from '@promptweave/core/experiment';
import { differencesOf, differenceText, type Difference } from './analysis/comparison.js';
import { resampleRows } from './analysis/resampled-figures.js';
import { longCsv, type LongRow } from './long-form.js';
import { shownName } from './row-figures.js';
import { configurationOf, resultOf } from './run-details.js';
import type { Study, StudyRow } from './study.js';
import { figureText, markdownText, renderTable, visible, type TableFormat, type TextCell } from './table.js';

/** The same row of two studies. */
export interface RowPair {
  readonly before: StudyRow;
  readonly after: StudyRow;
  /** What it is called: values that either study varies. */
  readonly label: string;
  /** `after` above `before`, by figure. */
  readonly differences: Readonly<Record<string, Difference>>;
  /** Option paths whose values differ, and `commit`. */
  readonly changed: readonly string[];
}

/** Two studies, row by row. */
export interface StudyComparison {
  readonly names: readonly [before: string, after: string];
  readonly figures: readonly string[];
  readonly pairs: readonly RowPair[];
  /** Rows that one study has alone. */
  readonly alone: readonly { readonly study: string; readonly label: string }[];
}

/** Compares rows that choose the same: what changed, by how much, with intervals where both were tested on the same images. */
export function compareStudies(before: Study, after: Study): StudyComparison {
  const keyOf = ({ values }: StudyRow): string => canonicalJson(values);
  const axes = [...new Set([...before.axes, ...after.axes])];
  const labelOf = (row: StudyRow, study: Study): string =>
    axes.flatMap((axis) => row.labels[study.axes.indexOf(axis)] ?? []).join(' · ') || 'all cells';
  const known = new Map(before.rows.map((row) => [keyOf(row), row]));
  const all = [...before.rows, ...after.rows];
  const drawn = resampleRows({ ...after, rows: all });
  const byRow = new Map(all.map((row, i) => [row, drawn[i]]));
  const pairs = after.rows.flatMap((row): RowPair[] => {
    const other = known.get(keyOf(row));
    if (!other) return [];
    const differences = differencesOf(row, other, byRow, after.figures) ?? {};
    return [{ before: other, after: row, label: labelOf(row, after), differences, changed: changes(other, row) }];
  });
  const paired = new Set(pairs.flatMap((pair) => [pair.before, pair.after]));
  const alone = [before, after].flatMap((study) =>
    study.rows
      .filter((row) => !paired.has(row))
      .map((row) => ({ study: nameIn(study, before, after), label: labelOf(row, study) })),
  );
  return { names: [nameIn(before, before, after), nameIn(after, before, after)], figures: after.figures, pairs, alone };
}

/** Studies of one name are told apart by their places in the command. */
function nameIn(study: Study, before: Study, after: Study): string {
  if (before.name !== after.name) return study.name;
  return `${study.name} (${study === before ? 'first' : 'second'})`;
}

function changes(before: StudyRow, after: StudyRow): string[] {
  const [one, other] = [before, after].map((row) => flat(configurationOf(row) ?? {}));
  const paths = [...new Set([...one!.keys(), ...other!.keys()])].filter((path) => one!.get(path) !== other!.get(path));
  const [a, b] = [before, after].map(commitOf);
  return [...paths, ...(a !== undefined && b !== undefined && a !== b ? [`commit ${a} → ${b}`] : [])];
}

function commitOf({ cells }: StudyRow): string | undefined {
  const finished = cells.find(({ state }) => state.status === 'finished');
  const git = finished && resultOf(finished)?.provenance.git;
  return git && git.commit.slice(0, 7) + (git.changed ? '+' : '');
}

/** What does not count for a result, or differs from seed to seed. */
const ASIDE = /^(seed|output|tracker\b.*|plugins\b.*)$/;

function flat(value: unknown, path = '', found = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) flat(inner, path === '' ? key : `${path}.${key}`, found);
  } else if (!ASIDE.test(path)) found.set(path, JSON.stringify(value));
  return found;
}

/** The comparison in any format. */
export function comparisonText(
  comparison: StudyComparison,
  studies: readonly [Study, Study],
  format: TableFormat,
): string {
  const { names, figures, pairs, alone } = comparison;
  if (format === 'json') {
    const rows = pairs.map(({ label, differences, changed, before, after }) => ({
      ...{ row: label, before: before.figures, after: after.figures, differences, changed },
    }));
    return JSON.stringify({ names, figures, rows, alone }, undefined, 2);
  }
  if (format === 'csv') return longCsv(pairs.flatMap((pair) => longPair(pair, comparison, studies[1])));
  const kinds = studies[1].kinds;
  const cells = pairs.flatMap(({ label, before, after, differences, changed }) =>
    figures.flatMap((figure): TextCell[][] => {
      const [a, b] = [before, after].map((row) =>
        Object.hasOwn(row.figures, figure) ? row.figures[figure] : undefined,
      );
      if (!a && !b) return [];
      const difference = Object.hasOwn(differences, figure) ? differences[figure] : undefined;
      const { interval } = difference ?? {};
      const mark = interval && (interval.low > 0 || interval.high < 0) ? { mark: '†' } : {};
      return [
        [
          { text: label },
          { text: figureTitle(shownName(figure), kinds.get(figure)) },
          { text: a ? figureText(a) : '', number: true },
          { text: b ? figureText(b) : '', number: true },
          { text: difference ? differenceText(difference) : '', number: true, ...mark },
          { text: changed.join(', ') },
        ],
      ];
    }),
  );
  const title = `${names[1]} against ${names[0]}`;
  const head = ['row', 'figure', names[0], names[1], 'difference', 'changed'];
  const legend =
    'Percent and percentage points, with the middle 95 % of paired bootstrap draws of images and seeds where both kept their answers for the same images; † on one side of 0.';
  const table = renderTable({ head, rows: cells }, format, `${title}. ${legend}`, 'tab:comparison');
  if (format === 'latex') return table;
  const written = format === 'markdown' ? markdownText : visible;
  const left = alone.map(({ study, label }) => `Only in ${study}: ${label}.`);
  const none = 'No row is in both: rows are paired where their cells choose the same by the grid.';
  return [title, ...(pairs.length > 0 ? [table, legend] : [none]), ...left]
    .map((text) => (text === table ? text : written(text)))
    .join(format === 'markdown' ? '\n\n' : '\n');
}

function longPair(
  { label, after, differences }: RowPair,
  { names, figures }: StudyComparison,
  study: Study,
): LongRow[] {
  return figures.flatMap((figure): LongRow[] => {
    const found = Object.hasOwn(after.figures, figure) ? after.figures[figure] : undefined;
    const difference = Object.hasOwn(differences, figure) ? differences[figure] : undefined;
    if (!found) return [];
    return [
      {
        ...{ study: names[1], protocol: study.protocol, of: 'row' as const, axes: { row: label }, figure },
        ...{ value: found.mean, seeds: found.count, baseline: names[0] },
        ...(found.unit !== undefined && { unit: found.unit }),
        ...(found.count > 1 && { deviation: found.sd }),
        ...(difference && { difference: difference.mean, p: difference.p }),
        ...(difference?.interval && {
          differenceLow: difference.interval.low,
          differenceHigh: difference.interval.high,
        }),
      },
    ];
  });
}
