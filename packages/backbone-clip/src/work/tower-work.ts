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

/** How often a tower is computed. */
export interface Passes {
  readonly forward: number;
  /** Forward passes of the last block where only some of its rows are read. Default: as the others. */
  readonly last?: number;
  readonly backward: number;
}

const FLOAT = 4;

/**
 * So many forward and backward passes. Linear layers: 24 W² a row and block (6 W² of the input projection, 2 W² of the output
 * projection, 16 W² of the MLP), and as much backward, for no weight is trained; attention: 4 W a pair, and twice as much backward.
 */
export function towerFlops(
  { width }: TowerShape,
  { rows, pairs, read, readPairs }: TowerRows,
  blocks: number,
  { forward, last = forward, backward }: Passes,
): number {
  const flops = (passes: number, linear: number, attended: number): number =>
    (passes + backward) * width ** 2 * linear + (passes + 2 * backward) * 4 * width * attended;
  const whole = flops(forward, 24 * rows, pairs);
  if (read === undefined) return blocks * whole;
  // Keys and values (4 W²) of all rows, the rest (20 W²) of the read ones.
  return (blocks - 1) * whole + flops(last, 4 * rows + 20 * read, readPairs ?? pairs);
}

/** Bytes of one block: what is kept for its backward pass, what of it stays where it is computed again, and what comes and goes meanwhile. */
export function blockBytes(
  { width, heads }: TowerShape,
  { rows, pairs }: TowerRows,
  frozen: boolean,
): { readonly kept: number; readonly input: number; readonly passing: number } {
  const input = FLOAT * rows * width;
  const weights = FLOAT * heads * pairs;
  // Counted from the code and compared with measured peaks (docs/speed.md): with what the tape keeps besides, input and gradient of
  // every block among it.
  // A frozen block keeps two standardised inputs, queries, keys and values, the MLP's derivative (10 W), and the
  // attention weights. Automatic differentiation keeps nearly every value, and all gradients until the backward pass ends.
  return frozen
    ? { kept: 13 * input + weights, input: 4 * input, passing: 36 * input + 3 * weights }
    : { kept: 106 * input + 8 * weights, input: 4 * input, passing: 0 };
}
