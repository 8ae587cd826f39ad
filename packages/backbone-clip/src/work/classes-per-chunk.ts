import type { TransformerShape, TextRows } from '@promptweave/core';
import { textBlockRows } from './text-rows.js';
import { blockBytes } from './tower-work.js';

const fastRows = { noPadding: true, sharedPrefix: true, lastBlock: true };

/** How many classes go through the text tower together: so many, all, or as many as leave intermediates within a budget. */
export type ClassChunk = number | 'all' | 'auto';

/** Bytes of intermediates that `auto` lets a text pass keep. Constant, so that a machine's free memory changes no bits. */
export const chunkBytes = { native: 3 * 2 ** 30, wasm: 2 ** 29 } as const;

/** Classes of a text pass that are encoded together; chunks are of one size, so that none is nearly empty. */
export function classesPerChunk(
  shape: TransformerShape,
  rows: Omit<TextRows, 'hiddenStates'>,
  chunk: ClassChunk,
  budget: number,
): number {
  const classes = rows.branches.length;
  if (chunk === 'all') return classes;
  if (chunk !== 'auto') return evenly(classes, Math.ceil(classes / chunk));
  const { inserted, ownContextFrom, tuned } = rows.changes ?? {};
  // As if all blocks had the rows of the last one, the largest, and kept them: evaluations have the chunks of the training, and its bits.
  const there = { inserted: inserted?.rows ?? 0, ownContext: ownContextFrom !== undefined };
  const largest = textBlockRows(shape, { ...rows, hiddenStates: true }, fastRows, classes, there);
  const bytes = rows.blocks * blockBytes(shape.text, largest, true, tuned).kept;
  return evenly(classes, Math.min(classes, Math.ceil(bytes / budget)));
}

function evenly(classes: number, chunks: number): number {
  return Math.ceil(classes / chunks);
}
