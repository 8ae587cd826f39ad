import type { TowerShape } from '@promptweave/core';

/** Rows that one tower computes. */
export interface TowerRows {
  /** Rows that go through the linear layers. */
  readonly rows: number;
  /** Pairs of a query and a key that meet in an attention. */
  readonly pairs: number;
  /** Rows of the last block whose queries, output projection and MLP are computed; all where it is absent. */
  readonly read?: number;
  /** Pairs of the last block. */
  readonly readPairs?: number;
}

const FLOAT = 4;

/**
 * One forward pass. Linear layers: 24 W² a row and block (6 W² of the input projection, 2 W² of the output projection, 16 W² of the
 * MLP); attention: 4 W a pair.
 */
export function towerFlops({ width }: TowerShape, { rows, pairs, read, readPairs }: TowerRows, blocks: number): number {
  const whole = 24 * width ** 2 * rows + 4 * width * pairs;
  if (read === undefined) return blocks * whole;
  // Keys and values (4 W²) of all rows, the rest (20 W²) of the read ones.
  const last = width ** 2 * (4 * rows + 20 * read) + 4 * width * (readPairs ?? pairs);
  return (blocks - 1) * whole + last;
}

/** Bytes of one block: what its backward pass keeps, its input alone, and what comes and goes meanwhile. */
export function blockBytes(
  { width, heads }: TowerShape,
  { rows, pairs }: TowerRows,
  frozen: boolean,
): { readonly kept: number; readonly input: number; readonly passing: number } {
  const input = FLOAT * rows * width;
  const weights = FLOAT * heads * pairs;
  // A frozen block keeps two standardised inputs, queries, keys and values, the mixed values, the MLP's derivative (11 W), and the
  // attention weights. Automatic differentiation keeps nearly every value, and all gradients until the backward pass ends.
  return frozen
    ? { kept: 14 * input + weights, input, passing: 20 * input + 5 * weights }
    : { kept: 106 * input + 8 * weights, input, passing: 0 };
}
