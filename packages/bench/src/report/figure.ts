import type { FigureKind } from '@promptweave/core';

/** A figure over the seeds of a row. */
export interface Figure extends FigureKind {
  readonly mean: number;
  /** Standard deviation over the seeds, with n − 1. */
  readonly sd: number;
  readonly count: number;
}
