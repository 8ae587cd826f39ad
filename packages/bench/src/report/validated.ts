import { readResult } from '@promptweave/core/experiment';
import { validationCurve } from '../sweep/search/validation-curve.js';
import type { StudiedCell } from './studied-cell.js';

/** What validation images have said of a cell. */
export interface Validated {
  readonly cell: StudiedCell;
  /** Accuracy by epochs, in their order. */
  readonly curve: readonly (readonly [epoch: number, accuracy: number])[];
  /** Optimiser steps behind. */
  readonly steps: number;
  /** Of the values that the cell keeps: after the last epoch or, where the best ones are kept, the best. */
  readonly accuracy: number;
  /** Tells apart what is equally often right; infinite where it is not known. */
  readonly loss: number;
}

/** Reads what validation images have said of a cell so far; undefined where they were not asked. */
export function validated(cell: StudiedCell): Validated | undefined {
  const { path } = cell.folder;
  const { points, losses, steps } = validationCurve(path);
  const curve = [...points].sort(([a], [b]) => a - b);
  const last = curve.at(-1);
  if (!last) return undefined;
  const best = isFinished(cell) ? readResult(path)?.training.best : undefined;
  const [epoch, accuracy] = best ? [best.epoch, best.accuracy] : last;
  return { cell, curve, steps, accuracy, loss: losses.get(epoch) ?? Infinity };
}

/** Below 0 where `a` is better: what is finished or came further, then what is oftener right, then what has less loss. */
export function byValidation(a: Validated, b: Validated): number {
  const [one, other] = [a, b].map(({ cell, curve }) => (isFinished(cell) ? Infinity : curve.at(-1)![0]));
  const further = one === other ? 0 : other! - one!;
  return further || b.accuracy - a.accuracy || (a.loss === b.loss ? 0 : a.loss - b.loss);
}

function isFinished({ state }: StudiedCell): boolean {
  return state.status === 'finished';
}
