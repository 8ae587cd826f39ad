import type { ChildProcess } from 'node:child_process';
import type { CellFolder } from './cell-folder.js';
import type { Engine, EngineRequest } from './engine.js';
import { runCells, type CellEnvironment } from './run-cells.js';
import { ProcessError } from './process-error.js';
import { WorkerProcess, type WorkerEnd } from './worker-process.js';

/** Runs all cells in this process, which loads backbone and features once. */
export function inProcessEngine(environment: CellEnvironment): Engine {
  return { name: 'local', run: (request) => runCells(request, environment) };
}

/** What worker processes compute on: this machine's processor, or one of its GPUs. */
export interface Place {
  /** What people call it; not needed where there is one. */
  readonly name?: string;
  /** Starts a process there, with an IPC channel, that calls `runAsWorker`. */
  spawn(): ChildProcess;
  /** Bytes that can be had there. Where it and the cells' estimates are known, no more cells run at once than fit. */
  available?(): Promise<number>;
}

/** How many worker processes there may be, and where: where the fewest are, and then where there is the most room. */
export interface LocalEngineOptions {
  readonly jobs: number;
  readonly places: readonly Place[];
}

/** Of the memory that is free at the start, this much is given to cells. */
const SHARE = 0.9;

/**
 * Runs cells in worker processes on this machine, each of which takes one cell after the other, all with the same backend. A lost one is
 * replaced.
 */
export function processEngine(options: LocalEngineOptions): Engine {
  return {
    name: 'local',
    run: async (request) => {
      const budgets = new Map<Place, number>();
      for (const place of options.places) {
        budgets.set(place, place.available ? SHARE * (await place.available()) : Infinity);
      }
      await new Promise<void>((resolve, reject) => new LocalRun(options, request, budgets, resolve, reject).fill());
    },
  };
}

class LocalRun {
  private readonly queue: CellFolder[];
  /** By the cells' ids. */
  private readonly backends: ReadonlyMap<string, string>;
  private readonly workers = new Map<WorkerProcess, Place>();
  private failure?: Error;
  private told = false;

  constructor(
    private readonly options: LocalEngineOptions,
    private readonly request: EngineRequest,
    /** Bytes that all workers of a place together may take. */
    private readonly budgets: ReadonlyMap<Place, number>,
    private readonly resolve: () => void,
    private readonly reject: (error: Error) => void,
  ) {
    this.queue = [...request.cells];
    this.backends = new Map(request.cells.map((cell) => [cell.id, cell.describe().backend]));
    const stop = (): void => {
      for (const worker of this.workers.keys()) worker.stop();
      this.fill();
    };
    request.signal?.addEventListener('abort', stop, { once: true });
  }

  /** Gives cells to workers, new ones where there is room, until nothing is left to give. */
  fill(): void {
    while (this.goesOn && this.queue.length > 0) {
      const idle = [...this.workers.keys()].find(
        (worker) => worker.idle && this.queue.some((cell) => this.suits(cell, worker)),
      );
      if (!idle && this.workers.size >= this.options.jobs) break;
      const suitable = this.queue.filter((cell) => !idle || this.suits(cell, idle));
      const place = (idle && this.workers.get(idle)) ?? this.emptiest();
      const others = this.workersAt(place).filter((worker) => worker !== idle);
      const room = this.roomAt(place, idle);
      const fitting = suitable.find((cell) => Math.max(idle?.bytes ?? 0, this.bytesOf(cell)) <= room);
      if (!fitting) {
        this.tellOfMemory(place, room);
        if (others.length > 0) break;
      }
      const cell = fitting ?? suitable[0]!;
      this.queue.splice(this.queue.indexOf(cell), 1);
      (idle ?? this.start(place, this.backendOf(cell))).give(cell, this.request.patience.retries, this.bytesOf(cell));
    }
    for (const worker of this.workers.keys()) if (worker.idle) worker.end();
    if (this.workers.size > 0) return;
    if (this.failure) this.reject(this.failure);
    else if (!this.goesOn || this.queue.length === 0) this.resolve();
  }

  private get goesOn(): boolean {
    return !this.failure && !this.request.signal?.aborted;
  }

  private bytesOf(cell: CellFolder): number {
    return this.request.estimates?.get(cell.id)?.bytes ?? 0;
  }

  private backendOf(cell: CellFolder): string {
    return this.backends.get(cell.id)!;
  }

  private suits(cell: CellFolder, worker: WorkerProcess): boolean {
    return this.backendOf(cell) === worker.backend;
  }

  private workersAt(place: Place): WorkerProcess[] {
    return [...this.workers].flatMap(([worker, own]) => (own === place ? [worker] : []));
  }

  /** Bytes that are left at a place, besides what one of its workers has. */
  private roomAt(place: Place, besides?: WorkerProcess): number {
    const others = this.workersAt(place).filter((worker) => worker !== besides);
    return this.budgets.get(place)! - others.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Where the next worker is started: of the places with room for a waiting cell, or else of all. */
  private emptiest(): Place {
    const { places } = this.options;
    const isRoomy = (place: Place): boolean => this.queue.some((cell) => this.bytesOf(cell) <= this.roomAt(place));
    const roomy = places.filter((place) => this.workersAt(place).length === 0 || isRoomy(place));
    const open = roomy.length > 0 ? roomy : places;
    const least = Math.min(...open.map((place) => this.workersAt(place).length));
    const emptiest = open.filter((place) => this.workersAt(place).length === least);
    return emptiest.reduce((best, place) => (this.roomAt(place) > this.roomAt(best) ? place : best));
  }

  private start(place: Place, backend: string): WorkerProcess {
    const worker = new WorkerProcess(place.spawn(), backend, {
      onIdle: () => this.fill(),
      onEvent: (event) => this.request.onEvent?.(event),
      onExit: (gone, end) => {
        if (!this.workers.delete(gone)) return;
        try {
          if (end.exitCode !== 0) this.noteLost(gone, end);
        } catch (error) {
          this.giveUp(error);
        }
        this.fill();
      },
    });
    this.workers.set(worker, place);
    return worker;
  }

  /** Records the cell that a lost process had. One that ended by itself before it began would do so again: that ends the run. */
  private noteLost({ cell, begun, lastWords }: WorkerProcess, { reason, exitCode, fromOutside }: WorkerEnd): void {
    if (cell && !cell.outcome() && (begun || fromOutside)) {
      const message = `The worker process was lost: ${reason}.`;
      cell.fail({ kind: 'lost', message });
      this.request.onEvent?.({ type: 'fail', cell: cell.id, message });
    } else if (!fromOutside && this.goesOn) {
      const said = lastWords.map((line) => `\n  ${line}`).join('');
      this.failure = new ProcessError(`A worker process ended before it began with a cell: ${reason}.${said}`, {
        exitCode,
        where: cell?.path,
        remedy: 'See its own messages. What is finished stays; the same command goes on with the sweep.',
      });
      for (const worker of this.workers.keys()) worker.stop();
    }
  }

  /** Ends the run with what makes it impossible, such as a folder that is gone. */
  private giveUp(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Error(String(error));
    for (const worker of this.workers.keys()) worker.stop();
  }

  private tellOfMemory({ name }: Place, room: number): void {
    if (this.told) return;
    this.told = true;
    const most = Math.max(...this.queue.map((cell) => this.bytesOf(cell)));
    const message =
      `Memory${name === undefined ? '' : ` of ${name}`}: ${gibibytes(room)} are left, and a waiting cell takes about ${gibibytes(most)}: ` +
      'fewer cells than --jobs allows run at once.';
    this.request.onEvent?.({ type: 'note', message });
  }
}

/** Bytes for people. */
export function gibibytes(bytes: number): string {
  return `${(Math.max(0, bytes) / 2 ** 30).toFixed(1)} GiB`;
}
