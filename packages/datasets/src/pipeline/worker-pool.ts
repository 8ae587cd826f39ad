import { Worker } from 'node:worker_threads';
import { DatasetError } from '@promptweave/core/portable';
import type { WorkerAnswer, WorkerRequest, WorkerStart } from './image-worker.js';
import type { ImageTask, PreparedImage } from './prepare-image.js';

/** Threads that prepare images while the main thread computes. */
export interface WorkerPool {
  run(task: ImageTask): Promise<PreparedImage>;
  /** Starts the first thread before there is an image for it. */
  begin(): void;
  /** Ends the threads; what is under way is given up. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(prepared: PreparedImage): void;
  reject(error: unknown): void;
}

/** The compiled file that a thread runs. */
const ENTRY = new URL('./image-worker.js', import.meta.url);

/**
 * Threads, each of which starts with its first image, or with `begin`: most runs have features stored, and one image needs one thread. They do
 * not keep the process alive.
 *
 * @param count number of threads, at least 1.
 */
export function createWorkerPool(count: number, entry: URL = ENTRY): WorkerPool {
  const waiting = new Map<number, Waiting>();
  let last = 0;
  let broken: Error | undefined;
  const workers: Worker[] = [];

  /** Takes a task off the list; threads without work do not hold the process. */
  const settle = (number: number): Waiting | undefined => {
    const task = waiting.get(number);
    if (!waiting.delete(number)) return undefined; // a late answer must not let go of threads that are being ended
    if (waiting.size === 0) workers.forEach((worker) => worker.unref());
    return task;
  };
  const receive = (answer: WorkerAnswer): void => {
    const task = settle(answer.number); // none where it was given up
    if ('prepared' in answer) task?.resolve(answer.prepared);
    else task?.reject(answer.data ? new DatasetError(answer.message, answer.data) : new Error(answer.message));
  };
  const fail = (error: Error): void => {
    broken = error;
    for (const number of [...waiting.keys()]) settle(number)?.reject(error);
  };
  const start = (workerData: WorkerStart): Worker => {
    const worker = new Worker(entry, { workerData });
    worker.on('message', receive);
    worker.on('error', fail);
    return worker;
  };

  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        if (broken) return reject(broken);
        const number = ++last;
        waiting.set(number, { resolve, reject });
        if (workers.length < Math.min(count, number)) workers.push(start({ isEarly: false }));
        workers.forEach((worker) => worker.ref());
        const request: WorkerRequest = { number, task };
        workers[number % workers.length]!.postMessage(request);
      }),
    begin: () => {
      if (workers.length > 0) return;
      workers.push(start({ isEarly: true }));
      workers[0]!.unref();
    },
    close: async () => {
      fail(new Error('The threads that prepare images were ended.'));
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
