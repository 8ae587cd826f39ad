import { mean } from '../../protocols/means.js';
import { DATA, datasetAxes } from '../data-axes.js';
import type { Study, StudyRow } from '../study.js';
import { pairedDifferences, resampledFew, resampleRows, type ResampledRow } from './resampled-figures.js';
import { holm, interval, pValue } from './resampling.js';

/** How much a row's figure is above the baseline's; fractions. */
export interface Difference {
  readonly mean: number;
  /** Middle 95 % of the paired bootstrap; absent where there is nothing to draw from. */
  readonly interval?: { readonly low: number; readonly high: number };
  /** Two-sided, by the same draws. */
  readonly p?: number;
  /** The same, corrected by Holm for all differences to this baseline. */
  readonly holm?: number;
}

/** What all rows are compared with: one choice of method, under whatever data a row has. */
export interface Baseline {
  readonly name: string;
  /** The baseline's own row for each row of the study; absent where it was not run on that row's data. */
  readonly partners: ReadonlyMap<StudyRow, StudyRow | undefined>;
  /** By row, then by figure; a baseline's own rows have none. */
  readonly differences: readonly (Readonly<Record<string, Difference>> | undefined)[];
}

/** Differences of a study to one or more baselines. */
export interface Comparison {
  /** The chosen one first. */
  readonly baselines: readonly Baseline[];
  /** What was drawn anew for the intervals. */
  readonly drawn: 'images' | 'seeds' | 'both';
}

/** With more pairs than these, rows are compared with the chosen baseline alone. */
const PAIRS = 4000;

/**
 * Compares all rows with baselines.
 *
 * @param wanted labels that the chosen baseline has, by axis. Default: the row that learns nothing, else the first one
 * @returns undefined where there is nothing to compare
 */
export function compareRows(study: Study, wanted?: Readonly<Record<string, string>>): Comparison | undefined {
  const { axes, rows } = study;
  const chosenByMethod = axes.filter((axis) => !DATA.test(axis));
  const ofDataset = new Set(datasetAxes(study).map((i) => axes[i]!));
  // Data sets are never compared with each other: that one is harder than another says nothing.
  const method = chosenByMethod.length > 0 ? chosenByMethod : axes.filter((axis) => !ofDataset.has(axis));
  const labels = (row: StudyRow, which: readonly string[]): string[] =>
    which.map((axis) => row.labels[axes.indexOf(axis)]!);
  const labelsOf = (row: StudyRow, which: readonly string[]): string => JSON.stringify(labels(row, which));
  const data = axes.filter((axis) => !method.includes(axis));
  const names = new Map(rows.map((row) => [labelsOf(row, method), labels(row, method).join(' · ')]));
  if (names.size < 2) return undefined;

  const chosen = chooseBaseline(study, wanted);
  if (!chosen) return undefined;
  const first = labelsOf(chosen, method);
  const others = names.size * rows.length <= PAIRS ? [...names.keys()].filter((key) => key !== first) : [];
  const resampled = resampleRows(study);
  const byRow = new Map(rows.map((row, i) => [row, resampled[i]]));
  const baselines = [first, ...others].map((key): Baseline => {
    const candidates = rows.filter((row) => labelsOf(row, method) === key && isFinished(row));
    const partners = new Map(rows.map((row) => [row, partnerOf(row, candidates, data, labelsOf)]));
    const differences = rows.map((row) => differencesOf(row, partners.get(row), byRow, study.figures));
    return { name: names.get(key)!, partners, differences: corrected(differences) };
  });
  const kinds = new Set(rows.filter(isFinished).map((row) => (byRow.get(row) ? 'images' : 'seeds')));
  return { baselines, drawn: kinds.size === 2 ? 'both' : ([...kinds][0] ?? 'seeds') };
}

/** The row that the chosen baseline is told by. */
function chooseBaseline({ axes, rows }: Study, wanted?: Readonly<Record<string, string>>): StudyRow | undefined {
  const finished = rows.filter(isFinished);
  if (!wanted) return finished.find(({ parameters }) => parameters === 0) ?? finished[0];
  return finished.find((row) =>
    Object.entries(wanted).every(([axis, label]) => row.labels[axes.indexOf(axis)] === label),
  );
}

/** The candidate on the same data; where there is none but the shots differ, the only one (zero-shot sees no shots). */
function partnerOf(
  row: StudyRow,
  candidates: readonly StudyRow[],
  data: readonly string[],
  labelsOf: (row: StudyRow, axes: readonly string[]) => string,
): StudyRow | undefined {
  const same = (axes: readonly string[]): StudyRow[] =>
    candidates.filter((candidate) => labelsOf(candidate, axes) === labelsOf(row, axes));
  const exact = same(data);
  if (exact.length === 1) return exact[0];
  const others = same(data.filter((axis) => axis !== 'dataset.shots'));
  return others.length === 1 && others[0]!.parameters === 0 ? others[0] : undefined;
}

/** Adds Holm's correction over everything that is compared with one baseline. */
function corrected(
  rows: readonly (Readonly<Record<string, Difference>> | undefined)[],
): (Readonly<Record<string, Difference>> | undefined)[] {
  const all = rows.flatMap((row) => Object.values(row ?? {})).filter(({ p }) => p !== undefined);
  const adjusted = holm(all.map(({ p }) => p!));
  const byDifference = new Map(all.map((difference, i) => [difference, adjusted[i]!]));
  return rows.map(
    (row) =>
      row &&
      Object.fromEntries(
        Object.entries(row).map(([figure, difference]) => {
          const value = byDifference.get(difference);
          return [figure, value === undefined ? difference : { ...difference, holm: value }];
        }),
      ),
  );
}

/** The figures of a row above those of another one. */
export function differencesOf(
  row: StudyRow,
  other: StudyRow | undefined,
  resampled: ReadonlyMap<StudyRow, ResampledRow | undefined>,
  figures: readonly string[],
): Record<string, Difference> | undefined {
  if (!other || other === row) return undefined;
  const [own, theirs] = [resampled.get(row), resampled.get(other)];
  const found = figures.flatMap((figure): [string, Difference][] => {
    const [a, b] = [row, other].map(({ figures: all }) => (Object.hasOwn(all, figure) ? all[figure] : undefined));
    if (!a || !b || a.unit !== undefined) return [];
    const draws = own && theirs && own.key === theirs.key ? [own, theirs].map((side) => side.figures.get(figure)) : [];
    if (draws[0] && draws[1]) {
      const [mine, base] = [draws[0], draws[1]];
      return [[figure, { mean: a.mean - b.mean, ...spread(mine.map((value, i) => value - base[i]!)) }]];
    }
    const pairs = pairedDifferences(row, other, figure);
    if (pairs.length === 0) return [[figure, { mean: a.mean - b.mean }]];
    return [[figure, { mean: mean(pairs), ...(pairs.length > 1 && spread(resampledFew(pairs))) }]];
  });
  return Object.fromEntries(found);
}

function spread(draws: Float64Array): Pick<Difference, 'interval' | 'p'> {
  return { interval: interval(draws), p: pValue(draws) };
}

function isFinished({ cells }: StudyRow): boolean {
  return cells.some(({ state }) => state.status === 'finished');
}

/** 0.0321 in [0.011, 0.053] → `+3.2 [+1.1, +5.3]`, percentage points. */
export function differenceText({ mean: value, interval: range }: Difference): string {
  const points = (fraction: number): string => {
    const text = (100 * fraction).toFixed(1);
    return fraction < 0 && text !== '-0.0' ? text.replace('-', '−') : `+${text.replace('-', '')}`;
  };
  return range ? `${points(value)} [${points(range.low)}, ${points(range.high)}]` : points(value);
}
