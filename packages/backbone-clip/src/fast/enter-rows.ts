import * as tf from '@tensorflow/tfjs-core';
import { pickRows } from './rows.js';
import type { TextLayout } from './text-layout.js';

/** Rows that come from elsewhere where a layout changes. */
export interface EnteringRows {
  /** Inserted after the start token, or at the beginning where there is none, [n, W]. */
  readonly inserted?: tf.Tensor2D;
  /** Of each class, in the place of the context, [C, n, W]. */
  readonly ofClasses?: tf.Tensor3D;
}

/** The rows of one layout in another one, in which more rows stand or more belong to the classes. */
export function enterRows(
  x: tf.Tensor2D,
  from: TextLayout,
  to: TextLayout,
  { inserted, ofClasses }: EnteringRows,
  startRows: number,
): tf.Tensor2D {
  const width = x.shape[1];
  const sources: tf.Tensor2D[] = [x];
  if (inserted) sources.push(inserted);
  const n = ofClasses?.shape[1] ?? 0;
  if (ofClasses) sources.push(tf.reshape(ofClasses, [-1, width]));
  const firstInserted = x.shape[0];
  const firstOfClasses = firstInserted + (inserted?.shape[0] ?? 0);
  const insertedBefore = from.rows.findIndex((row) => row?.inserted === 0);
  const numbers = to.rows.map((row) => {
    if (!row) return 0; // nobody sees it
    if (row.inserted !== undefined) return (inserted ? firstInserted : insertedBefore) + row.inserted;
    const inContext = row.position - startRows;
    if (inContext >= 0 && inContext < n) return firstOfClasses + row.class! * n + inContext;
    return from.rowOf({ class: row.class ?? 0, position: row.position });
  });
  return pickRows(tf.concat(sources, 0), numbers);
}
