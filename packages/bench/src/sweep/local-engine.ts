import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { CellFolder } from './cell-folder.js';
import { claimantOf } from './claim.js';
import type { Engine, EngineRequest, SweepEvent } from './engine.js';
import { runCells, type CellEnvironment } from './run-cells.js';

/** Runs all cells in this process, which loads backbone and features once. */
export function inProcessEngine(environment: CellEnvironment): Engine {
  return { name: 'local', run: (request) => runCells(request, environment) };
}

/** What a worker process is told when it is to stop after the current step. */
const STOP = 'stop';

/** What a worker process is told when it starts. */
export interface WorkerTask {
  /** Folders of cells. */
  readonly cells: readonly string[];
  readonly retries: number;
}

/**
 * Runs cells in worker processes on this machine, each of which takes one cell after the other.
 *
 * @param spawn starts a process with an IPC channel that calls `runAsWorker`
 */
export function processEngine(jobs: number, spawn: () => ChildProcess): Engine {
  return {
    name: 'local',
    run: async ({ cells, patience, signal, onEvent }: EngineRequest) => {
      const task: WorkerTask = { cells: cells.map(({ path }) => path), retries: patience.retries };
      const worker = async (): Promise<void> => {
        for (;;) {
          const { pid, code, ended } = await runWorker(spawn(), task, signal, onEvent);
          if (code === 0 || signal?.aborted) return;
          noteLost(cells, pid, ended ?? `exit code ${code}`, onEvent);
        }
      };
      await Promise.all(Array.from({ length: Math.min(jobs, cells.length) }, worker));
    },
  };
}

/** Gives a worker its task and waits for its end. */
async function runWorker(
  child: ChildProcess,
  task: WorkerTask,
  signal?: AbortSignal,
  onEvent?: (event: SweepEvent) => void,
): Promise<{ pid: number; code: number | null; ended: string | null }> {
  const stop = (): void => void (child.connected && child.send(STOP));
  signal?.addEventListener('abort', stop);
  child.on('message', (event) => onEvent?.(event as SweepEvent));
  child.send(task);
  const [code, ended] = (await once(child, 'exit')) as [number | null, string | null];
  signal?.removeEventListener('abort', stop);
  return { pid: child.pid!, code, ended };
}

/** The work of a worker process: waits for its task, runs cells, tells its parent, and lets go of the channel. */
export async function runAsWorker(makeEnvironment: (cell: CellFolder) => Promise<CellEnvironment>): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.on('SIGINT', () => undefined); // the terminal sends Ctrl-C to parent and workers alike; the parent tells them
  process.on('SIGTERM', stop).on('disconnect', stop);
  const [task] = (await once(process, 'message')) as [WorkerTask];
  process.on('message', (message) => message === STOP && stop());
  const cells = task.cells.map((path) => new CellFolder(path));
  const environment = await makeEnvironment(cells[0]!);
  const onEvent = (event: SweepEvent): void => void (process.connected && process.send?.(event));
  await runCells({ cells, patience: { retries: task.retries }, signal: controller.signal, onEvent }, environment);
  if (process.connected) process.disconnect();
}

/**
 * Records the cell that a process had when it was lost.
 * @throws Error where it had none: another process would be lost in the same way
 */
function noteLost(
  cells: readonly CellFolder[],
  pid: number,
  reason: string,
  onEvent?: (event: SweepEvent) => void,
): void {
  const message = `The worker process was lost: ${reason}.`;
  const held = cells.find((cell) => !cell.outcome() && claimedBy(cell, pid));
  if (!held) throw new Error(`${message} It had not begun with any cell; its own messages are above.`);
  held.fail({ kind: 'lost', message });
  onEvent?.({ type: 'fail', cell: held.describe().id, message });
}

function claimedBy(cell: CellFolder, pid: number): boolean {
  return claimantOf(cell.path, 'dead or alive')?.pid === pid;
}
