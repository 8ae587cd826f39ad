import { EventEmitter } from 'node:events';
import { afterAll, expect, it, vi } from 'vitest';

/** A thread that holds the process as Node's does: `terminate` holds it until the thread has ended. */
class FakeWorker extends EventEmitter {
  static readonly made: FakeWorker[] = [];
  holds = true;
  ended?: () => void;

  constructor() {
    super();
    FakeWorker.made.push(this);
  }
  ref(): void {
    this.holds = true;
  }
  unref(): void {
    this.holds = false;
  }
  postMessage(): void {}
  terminate(): Promise<void> {
    this.ref();
    return new Promise((resolve) => (this.ended = resolve));
  }
}
vi.mock('node:worker_threads', () => ({ Worker: FakeWorker }));
vi.resetModules(); // the pool of a file before this one has real threads
afterAll(() => {
  vi.doUnmock('node:worker_threads');
  vi.resetModules(); // and so have those of files after it
});

it('an answer that comes while threads are being ended does not let the process go', async () => {
  const { createWorkerPool } = await import('./worker-pool.js');
  const pool = createWorkerPool(2, new URL('file:///none.js'));
  const given = [pool.run({} as never), pool.run({} as never)];
  for (const task of given) task.catch(() => undefined);
  const closed = pool.close();
  FakeWorker.made[1]!.emit('message', { number: 1, prepared: {} });
  expect(FakeWorker.made.map(({ holds }) => holds)).toEqual([true, true]); // else Node ends with exit code 13
  for (const worker of FakeWorker.made) worker.ended!();
  await closed;
  for (const task of given) await expect(task).rejects.toThrow('were ended');
});
