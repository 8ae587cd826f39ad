import { setTimeout } from 'node:timers/promises';
import { claimantOf, tryClaim } from '@promptweave/core/experiment';
import type { CellFolder, CellState } from './cell-folder.js';
import type { Engine, EngineRequest } from './engine.js';
import { cellsOnRay } from './ray/cells-on-ray.js';

/** What to run, and where. */
export interface SweepRequest extends EngineRequest {
  readonly engine: Engine;
  /** Seconds between two looks at cells that other processes work on. Default 2. */
  readonly pollSeconds?: number;
  /** Headers of what Ray clusters are asked that have cells of the sweep. */
  readonly rayHeaders?: () => Readonly<Record<string, string>>;
}

/**
 * Runs all cells to their end: finished, or given up after the retries. Waits for cells that other processes work on, and takes over
 * those of processes that die. Leaves those alone that are jobs of a Ray cluster which this engine does not know.
 * @throws ConfigError where the folder of a cell is removed meanwhile
 * @returns the states of the cells in their order; where the signal stopped it, or some were left alone, some are neither finished nor failed
 */
export async function runSweep({
  engine,
  pollSeconds = 2,
  rayHeaders: headers,
  ...request
}: SweepRequest): Promise<CellState[]> {
  const { cells, patience, signal, onEvent } = request;
  const told = new Set<string>();
  const tell = (message: string): void => {
    if (!told.has(message)) onEvent?.({ type: 'note', message });
    told.add(message);
  };
  for (;;) {
    const states = cells.map((cell) => cell.state(patience));
    const idle = cells.filter((_, i) => ['waiting', 'interrupted'].includes(states[i]!.status));
    const away = await cellsOnRay({ cells: idle, except: engine.address, headers, tell });
    const open = idle.filter((cell) => !away.has(cell));
    const running = states.filter(({ status }) => status === 'running').length;
    if (signal?.aborted || (open.length === 0 && running === 0)) return states;
    for (const cell of idle) cell.requireThere();
    if (open.length > 0) {
      open.forEach(freeOfDead);
      await engine.run({ ...request, cells: open });
      continue;
    }
    onEvent?.({ type: 'wait', cells: running });
    await setTimeout(pollSeconds * 1000, undefined, { signal }).catch(() => undefined);
  }
}

/**
 * Gives a cell back that a dead process had. This process has watched for the three minutes that it takes to know of another machine's; the
 * processes that run the cell would have to begin with that anew.
 */
function freeOfDead({ path }: CellFolder): void {
  if (claimantOf(path, 'dead or alive')) tryClaim(path)?.release();
}
