import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import type { CellFolder } from './cell-folder.js';
import type { SweepEvent } from './engine.js';
import type { ToWorker, WorkerMessage } from './worker.js';

/** What the owner of a worker process hears of it. */
export interface WorkerWatch {
  /** It waits for a cell; the last one, if any, is done. */
  onIdle(worker: WorkerProcess): void;
  onEvent(event: SweepEvent): void;
  /** It is no more, or could not be started. */
  onExit(worker: WorkerProcess, end: WorkerEnd): void;
}

/** How a worker process ended. */
export interface WorkerEnd {
  /** Undefined where a signal ended it, or where it was never there. */
  readonly exitCode?: number;
  /** For people. */
  readonly reason: string;
  /** Something ended it with a signal. */
  readonly fromOutside: boolean;
}

/** The last lines of its messages that are kept, and milliseconds that its end waits for them. */
const LAST_WORDS = 12;
const LAST_WORDS_WITHIN = 1000;

/** A process that runs one cell after the other as it is given them (`runAsWorker`). */
export class WorkerProcess {
  /** The cell that it was given last; undefined while it waits. */
  cell?: CellFolder;
  /** Whether it has begun with that cell. */
  begun = false;
  /** Bytes that its cells may have taken, the largest so far: a process keeps what it had. */
  bytes = 0;
  /** What it printed last. */
  readonly lastWords: string[] = [];
  private ready = false;
  private ending = false;

  /** @param backend that all of its cells compute on */
  constructor(
    private readonly child: ChildProcess,
    readonly backend: string,
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
    const silent = this.listen(onEvent);
    child.once('exit', (code, signal) => {
      this.ending = true;
      const exitCode = code ?? undefined;
      const end = { exitCode, reason: signal ?? `exit code ${code}`, fromOutside: signal !== null };
      const longEnough = setTimeout(LAST_WORDS_WITHIN, undefined, { ref: false });
      void Promise.race([silent, longEnough]).then(() => onExit(this, end));
    });
    // The end of a process that is there tells; a message that does not reach it says nothing more.
    child.on('error', ({ message }) => {
      if (child.pid === undefined) onExit(this, { reason: message, fromOutside: false });
    });
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

  /** Hands its messages on. Resolves when no more will come. */
  private listen(onEvent: WorkerWatch['onEvent']): Promise<void> {
    const { stderr } = this.child;
    if (!stderr) return Promise.resolve();
    const lines = createInterface(stderr);
    lines.on('line', (message) => {
      this.lastWords.push(message);
      if (this.lastWords.length > LAST_WORDS) this.lastWords.shift();
      onEvent({ type: 'note', message });
    });
    return new Promise((resolve) => lines.once('close', resolve));
  }

  private tell(message: ToWorker): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }
}
