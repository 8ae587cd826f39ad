import type { CellFolder } from './cell-folder.js';
import type { CellEstimate } from './engine.js';

/** What a cell is given by a cluster. */
export interface CellNeeds {
  readonly cpus: number;
  readonly gpus: number;
  /** Bytes. Without it, what the cell is expected to take and half as much again. */
  readonly memory?: number;
}

/** Bytes to ask for where nothing is known. */
const UNKNOWN = 4 * 2 ** 30;
const MARGIN = 1.5;
const STEP = 256 * 2 ** 20;

/** Bytes to ask for, in whole steps of 256 MiB. */
export function memoryFor(
  cell: CellFolder,
  needs: CellNeeds,
  estimates: ReadonlyMap<string, CellEstimate> = new Map(),
): number {
  const estimate = estimates.get(cell.id);
  return needs.memory ?? Math.ceil((estimate ? MARGIN * estimate.bytes : UNKNOWN) / STEP) * STEP;
}
