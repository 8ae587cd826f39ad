import { canonicalJson } from '@promptweave/core/experiment';
import { dimensionsOf, type Dimension } from '../sweep/search/dimensions.js';
import type { Point } from '../sweep/search/dimensions.js';
import { describeChoice, shortText } from '../sweep/short-text.js';
import { BELOW, GREY } from './pictures.js';
import { draw, type Picture } from './draw.js';
import type { StudiedCell, Study } from './study.js';
import { searchedAlike } from '../sweep/tested-alike.js';
import { groupBy } from './analysis/group-by.js';
import { byValidation, validated, type Validated } from './validated.js';

/** A cell that a search has begun. */
export interface SearchedCell extends Validated {
  readonly name: string;
  /** `best`, chosen by validation images among those that came furthest; `neighbour`, differs from it in one option or is among the nearest. */
  readonly place: 'best' | 'neighbour' | 'other';
  /** What is not as in the best: `train.batch 8 → 4`. */
  readonly differs: string;
}

/**
 * The cells that a search has begun, the best first; a list for each data set, protocol and number of shots, for it chose in each. Empty where the
 * study was not searched. Test images have no say.
 */
export function searchedCells({ cells }: Pick<Study, 'cells'>): SearchedCell[][] {
  if (cells.every(({ folder }) => folder.stopsAfter() === undefined)) return [];
  const begun = cells.flatMap((cell) => validated(cell) ?? []);
  return [...groupBy(begun, ({ cell }) => searchedAlike(cell.values)).values()].map((own) => {
    const sorted = own.sort(byValidation);
    const best = sorted[0]!.cell;
    const near = neighboursOf(
      best,
      sorted.map(({ cell }) => cell),
    );
    return sorted.map((found) => ({
      ...found,
      name: describeChoice(found.cell),
      place: found.cell === best ? 'best' : near.has(found.cell) ? 'neighbour' : 'other',
      differs: differencesOf(best, found.cell)
        .map(([path, before, after]) => `${path} ${before} → ${after}`)
        .join(', '),
    }));
  });
}

/** Of sampled cells, no two of which differ in one option alone, so many are near to the best. */
const NEAR = 4;

/** The cells that differ from one in one option; where these are few, those nearest to it. */
function neighboursOf(cell: StudiedCell, cells: readonly StudiedCell[]): ReadonlySet<StudiedCell> {
  const others = cells.filter((other) => other !== cell);
  const alike = others.filter((other) => differencesOf(cell, other).length === 1);
  if (alike.length >= NEAR) return new Set(alike);
  const dimensions = dimensionsOf(cells.map(({ values }) => values));
  const distance = ({ values }: StudiedCell): number =>
    dimensions.reduce((sum, dimension) => sum + way(dimension, cell.values, values), 0);
  const nearest = others.filter((other) => !alike.includes(other)).sort((a, b) => distance(a) - distance(b));
  return new Set([...alike, ...nearest.slice(0, NEAR - alike.length)]);
}

/** How far apart two cells are in one option: 0 to 1. */
function way(dimension: Dimension, a: Point, b: Point): number {
  const { path } = dimension;
  if (Object.hasOwn(a, path) !== Object.hasOwn(b, path)) return 1;
  if (!Object.hasOwn(a, path)) return 0;
  if (dimension.kind === 'choice') return canonicalJson(a[path] ?? null) === canonicalJson(b[path] ?? null) ? 0 : 1;
  return Math.abs(dimension.unit(a[path]) - dimension.unit(b[path]));
}

/** Options in which a cell is not as another one, with the values as tables show them. */
function differencesOf(a: StudiedCell, b: StudiedCell): [path: string, before: string, after: string][] {
  const [before, after] = [a, b].map(({ name, values }): Point => ({ ...(name !== undefined && { name }), ...values }));
  const paths = [...new Set([...Object.keys(before!), ...Object.keys(after!)])];
  const text = (values: Point, path: string): string =>
    Object.hasOwn(values, path) ? shortText(values[path], path) : '–';
  return paths.flatMap((path): [string, string, string][] =>
    canonicalJson(before![path] ?? null) === canonicalJson(after![path] ?? null)
      ? []
      : [[path, text(before!, path), text(after!, path)]],
  );
}

/** The validation curves, the best and its neighbours in colour; a curve ends where its cell was stopped. @param position of the list, from 1 */
export async function searchCurves(found: readonly SearchedCell[], position: number): Promise<Picture> {
  const group = { best: 'the best', neighbour: 'its neighbours', other: 'others' };
  const values = found.flatMap(({ name, curve, place }) =>
    curve.map(([epoch, accuracy]) => ({ name, epoch, value: 100 * accuracy, place: group[place] })),
  );
  const x = { field: 'epoch', type: 'quantitative' as const, title: 'epochs', axis: { tickMinStep: 1 } };
  const y = {
    field: 'value',
    type: 'quantitative' as const,
    title: 'accuracy on validation images, percent',
    scale: { zero: false, nice: true },
    axis: { format: '.3~g' },
  };
  const order = Object.values(group);
  return draw(
    position > 1 ? `search-${position}` : 'search',
    'What was tried, on validation images; a line ends where the cell was stopped. Neighbours differ from the best in one option, or are the nearest',
    {
      data: { values },
      width: 640,
      height: 300,
      mark: { type: 'line', point: { size: 30 }, strokeWidth: 1.5 },
      encoding: {
        ...{ x, y },
        detail: { field: 'name' },
        color: {
          field: 'place',
          type: 'nominal',
          title: null,
          scale: { domain: order, range: ['#e45756', '#4c78a8', GREY] },
        },
        description: { field: 'name' },
      },
      config: BELOW,
    },
  );
}
