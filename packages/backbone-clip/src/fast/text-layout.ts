import * as tf from '@tensorflow/tfjs-core';
import type { TokenPosition } from '@promptweave/core';
import { causalMask } from '../plain/text-tower.js';
import { insertedId, PADDING_ID } from '../row-ids.js';
import type { ReadRows, SequenceGroup } from './heads.js';
import { tileBranches } from './tiles.js';

/** Score of a key that is not seen. */
const UNSEEN = -1e9;

/** What rows there are, from some block on. */
export interface TextRowsPlan {
  /** Rows of the prefix of the prompted text. */
  readonly prefix: number;
  /** Rows of each class's branch there. */
  readonly lengths: readonly number[];
  readonly contextLength: number;
  /** The first so many classes are padded to the context length. */
  readonly paddedClasses: number;
  /** Rows that were inserted after the start token, or at the beginning. */
  readonly inserted: number;
  /** Rows before the context: 1 for a start token, or 0. */
  readonly startRows: number;
  /** Whether every class has rows of its own from the context on; if not, it shares the prefix with the others. */
  readonly ownContext: boolean;
}

/** One packed row: its place in the prompt, and the class if it is the class's own. */
export interface PackedRow {
  /** Number of an inserted row; `position` is −1. */
  readonly inserted?: number;
  readonly position: number;
  readonly class?: number;
}

/** Where every row of the packed matrix comes from and belongs. */
export interface TextLayout {
  /** The prefix, if there is one, and the tiles; or all texts, whole. */
  readonly groups: readonly SequenceGroup[];
  /** Row of [prefix; branches; padding] that each packed row is taken from. */
  readonly source: number[];
  /** Position in its prompt of each packed row. */
  readonly position: number[];
  /** Ids of the packed rows, where the first branch row has this number among those of all classes. */
  readonly ids: (firstBranchRow: number) => Int32Array;
  /** What each packed row is; nothing for one that belongs to no class. */
  readonly rows: readonly (PackedRow | undefined)[];
  /** Number of the packed row at a position of a class. @throws RangeError for padding that was not asked for. */
  readonly rowOf: (at: TokenPosition) => number;
  /** How one row of each class is read. */
  readonly read: (rows: readonly number[]) => ReadRows;
}

/** Lays the branches of all classes out in tiles. */
export function tileText(plan: TextRowsPlan): TextLayout {
  const { prefix, contextLength, paddedClasses, inserted, startRows, ownContext } = plan;
  const sharedPositions = ownContext ? startRows : prefix; // of the prompt
  const prefixLength = sharedPositions + inserted; // of the packed rows
  const lengths = plan.lengths.map((length, c) =>
    c < paddedClasses ? contextLength - sharedPositions : length + prefix - sharedPositions,
  );
  const { length: tileLength, tiles } = tileBranches(lengths);
  const shared = Array.from({ length: sharedPositions }, (_, position) => ({ position }));

  const rows: (PackedRow | undefined)[] = [
    ...shared.slice(0, startRows),
    ...Array.from({ length: inserted }, (_, i) => ({ inserted: i, position: -1 })),
    ...shared.slice(startRows),
  ];
  const firstRow: number[] = [];
  const visible = prefixLength + tileLength; // keys of a row
  const mask = new Float32Array(tiles.length * tileLength * visible).fill(UNSEEN);
  tiles.forEach((classes, t) => {
    const tileStart = prefixLength + t * tileLength;
    const addRow = (row: PackedRow | undefined, ownStart: number): void => {
      const number = rows.length;
      const scores = (number - prefixLength) * visible;
      mask.fill(0, scores, scores + prefixLength);
      mask.fill(0, scores + prefixLength + ownStart - tileStart, scores + prefixLength + number - tileStart + 1);
      rows.push(row);
    };
    for (const c of classes) {
      const start = (firstRow[c] = rows.length);
      for (let i = 0; i < lengths[c]!; i++) addRow({ class: c, position: sharedPositions + i }, start);
    }
    while (rows.length < tileStart + tileLength) addRow(undefined, rows.length); // nobody sees it
  });
  const { source, ids } = idsOf(plan, rows);
  const masks = (values: Float32Array, count: number): tf.Tensor3D =>
    tf.tensor3d(values, [tiles.length, count, visible]);
  const most = Math.max(...tiles.map((classes) => classes.length));
  const places: number[] = [];
  tiles.forEach((classes, t) => classes.forEach((c, i) => (places[c] = t * most + i)));
  const ofPrefix = { start: 0, count: 1, length: prefixLength, mask: () => causalMask(prefixLength) };
  const ofTiles = { start: prefixLength, count: tiles.length, length: tileLength, mask: () => masks(mask, tileLength) };
  return {
    groups: prefixLength === 0 ? [ofTiles] : [ofPrefix, ofTiles],
    ...{ rows, source, ids },
    position: rows.map((row) => row?.position ?? prefix),
    rowOf: ({ class: c, position: at }) => {
      if (at < sharedPositions) return at < startRows ? at : at + inserted;
      if (at < sharedPositions + lengths[c]!) return firstRow[c]! + at - sharedPositions;
      throw new RangeError(`Class ${c} has no row at position ${at}: padding was not asked for.`);
    },
    read: oneAtATime((numbers) => {
      const ofPlaces = new Float32Array(tiles.length * most * visible); // an empty place may see anything
      numbers.forEach((row, c) => {
        const scores = (row - prefixLength) * visible;
        ofPlaces.set(mask.subarray(scores, scores + visible), places[c]! * visible);
      });
      return { rows: numbers, perSequence: most, places, mask: () => masks(ofPlaces, most) };
    }),
  };
}

/** Remembers what the last rows were read by. */
function oneAtATime(read: TextLayout['read']): TextLayout['read'] {
  let last: ReadRows | undefined;
  return (numbers) => {
    const isSame = last?.rows.length === numbers.length && numbers.every((row, i) => row === last!.rows[i]);
    return isSame ? last! : (last = read(numbers));
  };
}

/** Where packed rows come from, and their ids. */
export function idsOf(
  { prefix, lengths }: Pick<TextRowsPlan, 'prefix' | 'lengths'>,
  rows: readonly (PackedRow | undefined)[],
): Pick<TextLayout, 'source' | 'ids'> {
  const branchStart: number[] = [];
  const branchRows = lengths.reduce((row, length, c) => ((branchStart[c] = row), row + length), 0);
  const own = rows.map((row) => {
    if (!row) return PADDING_ID;
    if (row.inserted !== undefined) return insertedId(row.inserted);
    if (row.position < prefix) return row.position;
    const inBranch = row.position - prefix;
    return inBranch < lengths[row.class!]! ? prefix + branchStart[row.class!]! + inBranch : PADDING_ID;
  });
  return {
    source: own.map((id) => (id === PADDING_ID ? prefix + branchRows : id)),
    ids: (firstBranchRow) => Int32Array.from(own, (id) => (id >= prefix ? id + firstBranchRow : id)),
  };
}
