import { PromptweaveError, type FigureKind, type ProtocolSummary } from '@promptweave/core';
import { canonicalJson, figureOf } from '@promptweave/core/experiment';
import { smallerIsBetter } from '../protocols/figure-unit.js';
import { mean } from '../protocols/means.js';
import type { CellFailure, CellOutcome } from '../sweep/cell-folder.js';
import { shortTexts } from '../sweep/short-text.js';
import type { SweepFolder } from '../sweep/sweep-folder.js';
import type { Figure } from './figure.js';
import { kindOf, rowFigures } from './row-figures.js';
import type { StudiedCell } from './studied-cell.js';
import { byValidation, validated, type Validated } from './validated.js';

export type { StudiedCell } from './studied-cell.js';

/** The cells that differ in nothing but the seed. */
export interface StudyRow {
  /** Values of the varied axes, as text, in the order of `Study.axes`. */
  readonly labels: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly cells: readonly StudiedCell[];
  /** By the protocol's names of the figures; those without a unit are fractions in [0, 1]. */
  readonly figures: Readonly<Record<string, Figure>>;
  readonly parameters?: number;
  /** Mean of training and evaluation together. */
  readonly seconds?: number;
  /** In a study that was searched, what validation images have said of its best cell: they choose, and test images do not. */
  readonly validated?: Validated;
}

/** A sweep as reports see it. */
export interface Study {
  readonly name: string;
  readonly protocol: string;
  readonly folder: string;
  /** Varied option paths, the seed left out; `name` where the list of the grid names its entries. */
  readonly axes: readonly string[];
  /** The protocol's figures, in its order. */
  readonly figures: readonly string[];
  /** What each of them is. */
  readonly kinds: ReadonlyMap<string, FigureKind>;
  readonly rows: readonly StudyRow[];
  readonly cells: readonly StudiedCell[];
  readonly seeds: readonly number[];
  readonly failures: readonly { readonly cell: StudiedCell; readonly failure: CellFailure }[];
  /** Files of cells that are no longer as they were written: these cells count as unfinished, or are left out. */
  readonly damaged: readonly Damaged[];
}

/** A file that is damaged. */
export interface Damaged {
  readonly file: string;
  /** A sentence. */
  readonly message: string;
}

const SEED = 'seed';
const NAME = 'name';

/** Reads a sweep's folder. */
export function readStudy(sweep: SweepFolder): Study {
  const { name, protocol, retries } = sweep.describe();
  const damaged: Damaged[] = [];
  const cells = sweep.cells().flatMap((folder): StudiedCell[] => {
    try {
      const { id, name: own, standsFor, values } = folder.describe();
      const state = folder.state({ retries });
      if ('damage' in state && state.damage) {
        damaged.push({ file: state.damage.where!, message: state.damage.message });
      }
      return [{ id, name: own, standsFor, values, folder, state }];
    } catch (error) {
      if (!(error instanceof PromptweaveError)) throw error;
      damaged.push({ file: error.where ?? folder.path, message: error.message });
      return [];
    }
  });
  return { ...studyOf({ name, protocol, folder: sweep.path, cells }), damaged };
}

/** Groups cells into rows. */
export function studyOf({
  name,
  protocol,
  folder,
  cells,
}: Pick<Study, 'name' | 'protocol' | 'folder' | 'cells'>): Study {
  const all = cells.map((cell) => (cell.name === undefined ? cell.values : { [NAME]: cell.name, ...cell.values }));
  const paths = [...new Set(all.flatMap((values) => Object.keys(values)))].filter((path) => path !== SEED);
  const varied = paths.filter(
    (path) => new Set(all.map((values) => canonicalJson(valueOf(values, path) ?? null))).size > 1,
  );
  // A named entry is told by its name; what it stands for is in its configuration.
  const isNamed = ({ values, standsFor = [] }: StudiedCell, path: string): boolean =>
    !Object.hasOwn(values, path) || standsFor.includes(path);
  const axes = varied.filter((path) => path === NAME || !cells.every((cell) => isNamed(cell, path)));
  const texts = axes.map((path) => {
    const own = all.flatMap((values) => (valueOf(values, path) === undefined ? [] : [valueOf(values, path)]));
    const distinct = [...new Map(own.map((value) => [canonicalJson(value ?? null), value]))];
    const named = shortTexts(
      distinct.map(([, value]) => value),
      path,
    );
    return new Map(distinct.map(([key], i) => [key, named[i]!]));
  });
  const groups = new Map<string, { values: Record<string, unknown>; cells: StudiedCell[] }>();
  cells.forEach((cell, i) => {
    const { [SEED]: _seed, ...values } = all[i]!;
    const key = canonicalJson(values);
    const group = groups.get(key) ?? { values, cells: [] };
    group.cells.push(cell);
    groups.set(key, group);
  });
  const searched = cells.some((cell) => cell.folder.stopsAfter() !== undefined);
  const rows = [...groups.values()].map(({ values, cells: own }): StudyRow => {
    const outcomes = own.flatMap(({ state }) => (state.status === 'finished' ? [state.outcome] : []));
    const labels = axes.map((path, axis) => texts[axis]!.get(canonicalJson(valueOf(values, path) ?? null)) ?? '–');
    return { labels, values, cells: own, ...measured(outcomes), ...(searched && validatedRow(own)) };
  });
  const figures = [...new Set(rows.flatMap((row) => Object.keys(row.figures)))];
  const kinds = new Map(
    rows.flatMap((row) => Object.entries(row.figures)).map(([figure, found]) => [figure, kindOf(found)]),
  );
  const seeds = [...new Set(cells.flatMap(({ values }) => (typeof values[SEED] === 'number' ? [values[SEED]] : [])))];
  const failures = cells.flatMap((cell) => {
    const failure = cell.state.status === 'failed' ? cell.state.failures.at(-1) : undefined;
    return failure ? [{ cell, failure }] : [];
  });
  return { name, protocol, folder, axes, figures, kinds, rows, cells, seeds, failures, damaged: [] };
}

function measured(outcomes: readonly CellOutcome[]): Pick<StudyRow, 'figures' | 'parameters' | 'seconds'> {
  const figures = rowFigures(outcomes.map(({ summary }) => summary));
  if (outcomes.length === 0) return { figures };
  const seconds = mean(outcomes.map((outcome) => outcome.seconds + outcome.evaluationSeconds));
  return { figures, parameters: outcomes[0]!.parameters, seconds };
}

function validatedRow(cells: readonly StudiedCell[]): Pick<StudyRow, 'validated'> {
  const [best] = cells.flatMap((cell) => validated(cell) ?? []).sort(byValidation);
  return best ? { validated: best } : {};
}

/** Whether a search chose among the rows. */
export function isSearched(rows: readonly StudyRow[]): boolean {
  return rows.some((row) => row.validated !== undefined);
}

/** The value of an axis in a cell; `prompt.use` of a cell that gives the whole `prompt` is its name. */
function valueOf(values: Readonly<Record<string, unknown>>, path: string): unknown {
  return Object.hasOwn(values, path) ? values[path] : undefined;
}

/** The row that leads in the figure that tells most; of a search, the one that validation images chose. */
export interface Best {
  readonly row: StudyRow;
  readonly figure: string;
  /** A finished cell of the row. */
  readonly cell: StudiedCell;
}

/** Undefined where nothing is finished. */
export function bestOf({ rows, figures, kinds }: Study): Best | undefined {
  const figure = figures.find((name) => kinds.get(name)?.leads) ?? figures[0];
  if (figure === undefined) return undefined;
  const [row] = ranked(rows, figure);
  const cell = row?.validated?.cell ?? row?.cells.find(({ state }) => state.status === 'finished');
  return row && cell && { row, figure, cell };
}

/** The name of the figure of one result that tells most; undefined where it has none. */
export function leadingFigure(summary: ProtocolSummary): string | undefined {
  const names = Object.keys(summary);
  return names.find((name) => figureOf(summary[name]!).leads) ?? names[0];
}

/** Rows that have a figure, from the best to the worst; those of a search by validation images, for test images choose nothing there. */
export function ranked(rows: readonly StudyRow[], figure: string): StudyRow[] {
  if (!isSearched(rows)) return rankedBy(rows, figure);
  const known = rows.filter((row) => row.validated && Object.hasOwn(row.figures, figure));
  return known.sort((a, b) => byValidation(a.validated!, b.validated!));
}

/** Rows from the best to the worst in a figure, whatever chose among them. */
export function rankedBy(rows: readonly StudyRow[], figure: string): StudyRow[] {
  const sign = (row: StudyRow): number => (smallerIsBetter(row.figures[figure]!) ? 1 : -1);
  return rows
    .filter((row) => Object.hasOwn(row.figures, figure))
    .sort((a, b) => sign(a) * (a.figures[figure]!.mean - b.figures[figure]!.mean));
}
