import { canonicalJson } from '@promptweave/core/experiment';
import { validationCurve } from '../sweep/search/validation-curve.js';
import { describeChoice } from '../sweep/short-text.js';
import { BELOW } from './pictures.js';
import { draw, type Picture } from './draw.js';
import type { StudiedCell, Study } from './study.js';

/** A cell that a search has begun. */
export interface SearchedCell {
  readonly cell: StudiedCell;
  readonly name: string;
  /** Accuracy on the validation images by epochs, in their order. */
  readonly curve: readonly (readonly [epoch: number, accuracy: number])[];
  readonly steps: number;
  /** The last accuracy that it was compared by. */
  readonly last: number;
  /** `best`, chosen by validation images among those that came furthest; `neighbour`, differs from it in one option. */
  readonly place: 'best' | 'neighbour' | 'other';
}

/** The cells that a search has begun, the best first; empty where the study was not searched. Test images have no say. */
export function searchedCells({ cells }: Study): SearchedCell[] {
  const begun = cells.flatMap((cell) => {
    if (cell.folder.stopsAfter() === undefined) return [];
    const { points, steps } = validationCurve(cell.folder.path);
    const curve = [...points].sort(([a], [b]) => a - b);
    const last = curve.at(-1);
    return last ? [{ cell, name: describeChoice(cell), curve, steps, last: last[1] }] : [];
  });
  const sorted = begun.sort((a, b) => b.curve.at(-1)![0] - a.curve.at(-1)![0] || b.last - a.last);
  const [best] = sorted;
  return sorted.map((found) => ({
    ...found,
    place: found === best ? 'best' : differences(found.cell, best!.cell) === 1 ? 'neighbour' : 'other',
  }));
}

function differences(a: StudiedCell, b: StudiedCell): number {
  const paths = new Set([...Object.keys(a.values), ...Object.keys(b.values)]);
  const values = [...paths].filter(
    (path) => canonicalJson(a.values[path] ?? null) !== canonicalJson(b.values[path] ?? null),
  );
  return values.length + (a.name === b.name ? 0 : 1);
}

const GREY = '#9a9a9a';

/** The validation curves, the best and its neighbours in colour; a curve ends where its cell was stopped. */
export async function searchCurves(found: readonly SearchedCell[]): Promise<Picture | undefined> {
  if (found.length === 0) return undefined;
  const group = { best: 'the best', neighbour: 'differs from it in one option', other: 'others' };
  const values = found.flatMap(({ name, curve, place }) =>
    curve.map(([epoch, accuracy]) => ({ name, epoch, value: 100 * accuracy, place: group[place] })),
  );
  const x = { field: 'epoch', type: 'quantitative' as const, title: 'epochs', axis: { tickMinStep: 1 } };
  const y = {
    field: 'value',
    type: 'quantitative' as const,
    title: 'accuracy on validation images, percent',
    scale: { zero: false, nice: true },
  };
  const order = Object.values(group);
  return draw('search', 'What was tried, on validation images; a line ends where the cell was stopped', {
    data: { values },
    width: 640,
    height: 300,
    mark: { type: 'line', point: { size: 30 }, strokeWidth: 1.5, clip: true },
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
  });
}
