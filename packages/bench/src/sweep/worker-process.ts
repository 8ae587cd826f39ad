import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { CellFolder } from './cell-folder.js';
import type { SweepEvent } from './engine.js';
import type { ToWorker, WorkerMessage } from './worker.js';

/** What the owner of a worker process hears of it. */
export interface WorkerWatch {
  /** It waits for a cell; the last one, if any, is done. */
  onIdle(worker: WorkerProcess): void;
  onEvent(event: SweepEvent): void;
  /** It is no more. `signal` where it was ended from outside. */
  onExit(worker: WorkerProcess, code: number | null, signal: NodeJS.Signals | null): void;
}

/** A process that runs one cell after the other as it is given them (`runAsWorker`). */
export class WorkerProcess {
  /** The cell that it was given last; undefined while it waits. */
  cell?: CellFolder;
  /** Whether it has begun with that cell. */
  begun = false;
  /** Bytes that its cells may have taken, the largest so far: a process keeps what it had. */
  bytes = 0;
  private ready = false;
  private ending = false;

  constructor(
    private readonly child: ChildProcess,
    { onIdle, onEvent, onExit }: WorkerWatch,
  ) {
    child.on('message', (message) => {
      const event = message as WorkerMessage;
      if (event.type === 'begin') this.begun = true;
      if (event.type !== 'idle') return onEvent(event);
      this.ready = true;
      this.cell = undefined;
      onIdle(this);
    });
    child.on('error', () => undefined); // a message that does not reach it; its end tells
    if (child.stderr) createInterface(child.stderr).on('line', (message) => onEvent({ type: 'note', message }));
    child.once('exit', (code, signal) => onExit(this, code, signal));
  }

  get idle(): boolean {
    return this.ready && !this.cell && !this.ending;
  }

  /** Gives it a cell, once it asks for one. */
  give(cell: CellFolder, retries: number, bytes: number): void {
    this.cell = cell;
    this.begun = false;
    this.bytes = Math.max(this.bytes, bytes);
    this.tell({ type: 'run', path: cell.path, retries });
  }

  /** Ends it after its cell. */
  end(): void {
    this.ending = true;
    this.tell({ type: 'end' });
  }

  /** Ends it after the current step; its cell goes on later. */
  stop(): void {
    this.ending = true;
    this.tell({ type: 'stop' });
  }

  private tell(message: ToWorker): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }
}
