import * as tf from '@tensorflow/tfjs-core';
import type { PromptedText, TokenPosition } from '@promptweave/core';
import { causalMask } from '../plain/text-tower.js';
import type { SequenceGroup } from './heads.js';
import type { ReadRows } from './read-block.js';
import { tileBranches } from './tiles.js';

/** Score of a key that is not seen. */
const UNSEEN = -1e9;

/** Where every row of the packed matrix comes from and belongs. */
export interface TextLayout {
  /** The prefix, and the tiles. */
  readonly groups: readonly [SequenceGroup, SequenceGroup];
  /** Row of [prefix; branches; padding] that each packed row is taken from. */
  readonly source: number[];
  /** Position in its prompt of each packed row. */
  readonly position: number[];
  /** Number of the packed row at a position of a class. @throws RangeError for padding that was not asked for. */
  readonly rowOf: (at: TokenPosition) => number;
  /** How one row of each class is read. */
  readonly read: (rows: readonly number[]) => ReadRows;
}

/** Lays the branches of all classes out in tiles; the first `paddedClasses` are padded to the context length. */
export function tileText(text: PromptedText, contextLength: number, paddedClasses: number): TextLayout {
  const prefixLength = text.prefix.shape[0];
  const paddingRow = prefixLength + text.branches.shape[0];
  const lengths = text.lengths.map((length, c) => (c < paddedClasses ? contextLength - prefixLength : length));
  const { length: tileLength, tiles } = tileBranches(lengths);
  const branchStart: number[] = [];
  text.lengths.reduce((row, length, c) => ((branchStart[c] = row), row + length), prefixLength);

  const source = Array.from({ length: prefixLength }, (_, i) => i);
  const position = [...source];
  const firstRow: number[] = [];
  const visible = prefixLength + tileLength; // keys of a row
  const mask = new Float32Array(tiles.length * tileLength * visible).fill(UNSEEN);
  tiles.forEach((classes, t) => {
    const tileStart = prefixLength + t * tileLength;
    const addRow = (from: number, at: number, ownStart: number): void => {
      const row = source.length;
      const scores = (row - prefixLength) * visible;
      mask.fill(0, scores, scores + prefixLength);
      mask.fill(0, scores + prefixLength + ownStart - tileStart, scores + prefixLength + row - tileStart + 1);
      source.push(from);
      position.push(at);
    };
    for (const c of classes) {
      const start = (firstRow[c] = source.length);
      for (let i = 0; i < lengths[c]!; i++) {
        addRow(i < text.lengths[c]! ? branchStart[c]! + i : paddingRow, prefixLength + i, start);
      }
    }
    while (source.length < tileStart + tileLength) addRow(paddingRow, prefixLength, source.length); // nobody sees it
  });
  const masks = (values: Float32Array, rows: number): tf.Tensor3D => tf.tensor3d(values, [tiles.length, rows, visible]);
  const most = Math.max(...tiles.map((classes) => classes.length));
  const places: number[] = [];
  tiles.forEach((classes, t) => classes.forEach((c, i) => (places[c] = t * most + i)));
  return {
    groups: [
      { start: 0, count: 1, length: prefixLength, mask: () => causalMask(prefixLength) },
      { start: prefixLength, count: tiles.length, length: tileLength, mask: () => masks(mask, tileLength) },
    ],
    source,
    position,
    rowOf: ({ class: c, position: at }) => {
      if (at < prefixLength) return at;
      if (at < prefixLength + lengths[c]!) return firstRow[c]! + at - prefixLength;
      throw new RangeError(`Class ${c} has no row at position ${at}: padding was not asked for.`);
    },
    read: (rows) => {
      const ofPlaces = new Float32Array(tiles.length * most * visible); // an empty place may see anything
      rows.forEach((row, c) => {
        const scores = (row - prefixLength) * visible;
        ofPlaces.set(mask.subarray(scores, scores + visible), places[c]! * visible);
      });
      return { rows, perSequence: most, places, mask: () => masks(ofPlaces, most) };
    },
  };
}
