import { CellFolder } from './cell-folder.js';
import type { SweepEvent } from './engine.js';
import { runCells, type CellEnvironment } from './run-cells.js';

/** What a worker process is told. */
export type ToWorker =
  | { readonly type: 'run'; readonly path: string; readonly retries: number }
  /** Nothing more comes. */
  | { readonly type: 'end' }
  /** Stop after the current step. */
  | { readonly type: 'stop' };

/** What a worker process tells. */
export type WorkerMessage = SweepEvent | { readonly type: 'idle' };

/**
 * The work of a worker process: runs the cells that its parent gives it, tells what happens, and lets go of the channel when nothing
 * more comes. A parent that is gone is as one that says stop.
 */
export async function runAsWorker(
  makeEnvironment: (cell: CellFolder) => CellEnvironment | Promise<CellEnvironment>,
): Promise<void> {
  const controller = new AbortController();
  const inbox = new Inbox(controller);
  const tell = (message: WorkerMessage): void => void (process.connected && process.send?.(message, () => undefined));
  try {
    const first = await inbox.next();
    if (first.type !== 'run') return;
    const begin = new CellFolder(first.path);
    const environment = await makeEnvironment(begin);
    async function* cells(): AsyncGenerator<CellFolder> {
      yield begin;
      for (;;) {
        tell({ type: 'idle' });
        const message = await inbox.next();
        if (message.type !== 'run') return;
        yield new CellFolder(message.path);
      }
    }
    const { signal } = controller;
    await runCells({ cells: cells(), patience: { retries: first.retries }, signal, onEvent: tell }, environment);
  } finally {
    if (process.connected) process.disconnect(); // an open channel would keep the process, whatever went wrong
  }
}

/** Messages of the parent, in their order. */
class Inbox {
  private readonly waiting: ToWorker[] = [];
  private wake?: () => void;

  constructor(controller: AbortController) {
    const stop = (): void => {
      controller.abort();
      this.put({ type: 'stop' });
    };
    process.on('SIGINT', () => undefined); // the terminal sends Ctrl-C to parent and workers alike; the parent tells them
    process.on('SIGTERM', stop).on('disconnect', stop);
    process.on('message', (message: ToWorker) => (message.type === 'stop' ? stop() : this.put(message)));
  }

  async next(): Promise<ToWorker> {
    while (this.waiting.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.waiting.shift()!;
  }

  private put(message: ToWorker): void {
    this.waiting.push(message);
    this.wake?.();
  }
}
