import type { TowerShape } from '@promptweave/core';

/** Rows that one block computes. */
export interface BlockRows {
  /** Rows that go through the linear layers. */
  readonly rows: number;
  /** Pairs of a query and a key that meet in an attention. */
  readonly pairs: number;
  /** Rows of which queries, output projection and MLP are computed, as far as the block is the last one; all where it is absent. */
  readonly read?: number;
  /** Pairs of the last block. */
  readonly readPairs?: number;
}

/** How often a block is computed. */
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
 * What is learned within a block is of low rank or of one vector: its products do not count beside these.
 */
export function blockFlops(
  { width }: TowerShape,
  { rows, pairs, read, readPairs }: BlockRows,
  { forward, last = forward, backward }: Passes,
  isLast: boolean,
): number {
  const flops = (passes: number, linear: number, attended: number): number =>
    (passes + backward) * width ** 2 * linear + (passes + 2 * backward) * 4 * width * attended;
  if (!isLast || read === undefined) return flops(forward, 24 * rows, pairs);
  // Keys and values (4 W²) of all rows, the rest (20 W²) of the read ones.
  return flops(last, 4 * rows + 20 * read, readPairs ?? pairs);
}

/** Bytes of one block: what is kept for its backward pass, what of it stays where it is computed again, and what comes and goes meanwhile. */
export function blockBytes(
  { width, heads }: TowerShape,
  { rows, pairs }: BlockRows,
  frozen: boolean,
  tuned = false,
): { readonly kept: number; readonly input: number; readonly passing: number } {
  const input = FLOAT * rows * width;
  const weights = FLOAT * heads * pairs;
  // Counted from the code and compared with measured peaks (docs/speed.md): with what the tape keeps besides, input and gradient of
  // every block among it.
  // A frozen block keeps two standardised inputs, queries, keys and values, the MLP's derivative (10 W), and the
  // attention weights. Automatic differentiation keeps nearly every value, and all gradients until the backward pass ends.
  // A tuned block may keep the mixed values, too; what its layer norms give, and its branches' values, come and go.
  return frozen
    ? { kept: (tuned ? 14 : 13) * input + weights, input: 4 * input, passing: (tuned ? 42 : 36) * input + 3 * weights }
    : { kept: 106 * input + 8 * weights, input: 4 * input, passing: 0 };
}
