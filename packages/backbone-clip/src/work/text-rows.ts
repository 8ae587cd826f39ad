import type { TransformerShape, Savings, TextRows } from '@promptweave/core';
import { rowsOfTiles, tileBranches } from '../fast/tiles.js';
import type { BlockRows } from './tower-work.js';

/** What stands in the rows of a block besides the prompt, and who owns the context there. */
export interface RowsThere {
  /** Rows that were inserted after the start token. */
  readonly inserted: number;
  readonly ownContext: boolean;
}

/** Rows of one block of the text tower, so many classes at a time. */
export function textBlockRows(
  { text: { contextLength, attention } }: Pick<TransformerShape, 'text'>,
  { prefix, branches, padded, hiddenStates }: Omit<TextRows, 'blocks'>,
  { noPadding, sharedPrefix, lastBlock }: Pick<Savings, 'noPadding' | 'sharedPrefix' | 'lastBlock'>,
  perChunk: number,
  { inserted, ownContext }: RowsThere,
): BlockRows {
  if (attention === 'full') {
    // Every class has all rows of its own, whatever is saved otherwise.
    const rows = branches.length * contextLength;
    const readOne = lastBlock && !hiddenStates ? branches.length : undefined;
    return { rows, pairs: rows * contextLength, read: readOne, readPairs: rows };
  }
  const shared = ownContext ? 1 : prefix; // rows of the prompt that all classes share
  const lengths = branches.map((length, c) =>
    noPadding && c >= padded ? length + prefix - shared : contextLength - shared,
  );
  const before = shared + inserted;
  const read = lastBlock && !hiddenStates ? branches.length : undefined;
  if (!sharedPrefix) {
    const whole = lengths.map((length) => before + length);
    return { rows: sum(whole), pairs: sum(whole.map((length) => length ** 2)), read };
  }
  const chunks = Array.from({ length: Math.ceil(lengths.length / perChunk) }, (_, i) =>
    tileBranches(lengths.slice(i * perChunk, (i + 1) * perChunk)),
  );
  return {
    rows: sum(chunks.map((tiling) => before + rowsOfTiles(tiling))),
    pairs: sum(chunks.map((tiling) => before ** 2 + rowsOfTiles(tiling) * (before + tiling.length))),
    read,
    readPairs: sum(chunks.map(({ length, tiles }) => tiles.length * mostClasses(tiles) * (before + length))),
  };
}

function mostClasses(tiles: readonly (readonly number[])[]): number {
  return Math.max(...tiles.map((classes) => classes.length));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
