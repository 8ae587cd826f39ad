import { parentPort, workerData } from 'node:worker_threads';
import { DatasetError } from '@promptweave/core/portable';
import { giveBack } from '../image/give-back.js';
import { prepareImage, type ImageTask, type PreparedImage } from './prepare-image.js';

/** What a thread is asked. */
export interface WorkerRequest {
  readonly number: number;
  readonly task: ImageTask;
}

/** What a thread answers. An error of the data keeps its parts; any other becomes a plain one. */
export type WorkerAnswer =
  | { readonly number: number; readonly prepared: PreparedImage }
  | { readonly number: number; readonly message: string; readonly data?: { where?: string; remedy?: string } };

/** What a thread is told when it starts. */
export interface WorkerStart {
  /** That images will come: the decoder is loaded beside what the main thread does. */
  readonly isEarly: boolean;
}

// What keeps it from loading is told with the first image that needs it.
if ((workerData as WorkerStart).isEarly) import('sharp').catch(() => undefined);

parentPort?.on('message', async ({ number, task }: WorkerRequest) => {
  try {
    const prepared = await prepareImage(task);
    const answer: WorkerAnswer = { number, prepared };
    giveBack(prepared.decoded);
    // Handed over instead of copied: a photo of 24 million pixels has 72 MB.
    const handed = [prepared.values, ...(prepared.image ? [prepared.image.data] : [])];
    parentPort?.postMessage(
      answer,
      handed.map(({ buffer }) => buffer as ArrayBuffer),
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const data = error instanceof DatasetError ? { where: error.where, remedy: error.remedy } : undefined;
    const answer: WorkerAnswer = { number, message, data };
    parentPort?.postMessage(answer);
  }
});
