import type { BackboneShape, TextRows } from '@promptweave/core';
import { rowsOfTiles, tileBranches } from '../fast/tiles.js';
import { blockBytes } from './tower-work.js';

/** How many classes go through the text tower together: so many, all, or as many as leave intermediates within a budget. */
export type ClassChunk = number | 'all' | 'auto';

/** Bytes of intermediates that `auto` lets a text pass keep. Constant, so that a machine's free memory changes no bits. */
export const chunkBytes = { native: 3 * 2 ** 30, wasm: 2 ** 29 } as const;

/** Classes of a text pass that are encoded together; chunks are of one size, so that none is nearly empty. */
export function classesPerChunk(
  shape: BackboneShape,
  { prefix, branches, padded, blocks }: Omit<TextRows, 'hiddenStates'>,
  chunk: ClassChunk,
  budget: number,
): number {
  const classes = branches.length;
  if (chunk === 'all') return classes;
  if (chunk !== 'auto') return evenly(classes, Math.ceil(classes / chunk));
  const { contextLength } = shape.text;
  const lengths = branches.map((length, c) => (c < padded ? contextLength - prefix : length));
  const tiling = tileBranches(lengths);
  const rows = prefix + rowsOfTiles(tiling);
  const pairs = prefix ** 2 + rowsOfTiles(tiling) * (prefix + tiling.length);
  const bytes = blocks * blockBytes(shape.text, { rows, pairs }, true).kept;
  return evenly(classes, Math.min(classes, Math.ceil(bytes / budget)));
}

function evenly(classes: number, chunks: number): number {
  return Math.ceil(classes / chunks);
}
