import type { ImageItem } from '@promptweave/core';
import { answersOf, type Score } from '../library/answers.js';
import type { Model } from '../library/model.js';
import { answerWriter, type AnswerFormat } from './answer-lines.js';
import { featureFile } from './feature-file.js';
import { outputTo } from './output.js';

/** How images are answered and told. */
export interface PredictRequest {
  readonly format: AnswerFormat;
  readonly top: number;
  readonly threshold?: number;
  readonly score: Score;
  readonly batch?: number;
  /** File for the answers; standard output without it. */
  readonly out?: string;
  /** File for the embeddings. */
  readonly features?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** How it went. */
export interface PredictOutcome {
  readonly images: number;
  /** Images that cannot be read. */
  readonly unread: number;
  readonly seconds: number;
  /** The signal was raised before the last image; what was written is whole, and holds the images so far. */
  readonly stopped: boolean;
}

/**
 * Answers images in their order and writes a line for each, also for those that cannot be read. Each line is written at once, so that a file of a
 * process that was killed holds whole lines; where it is stopped or fails, the files are ended as they should be.
 */
export async function predictImages(
  model: Model,
  items: readonly ImageItem[],
  request: PredictRequest,
): Promise<PredictOutcome> {
  const { format, score, threshold, batch, signal, onProgress } = request;
  const top = Math.min(request.top, model.classes.length);
  const writer = answerWriter(format, { top, score });
  const features = request.features && (await featureFile(request.features, items.length, model.embedding));
  const out = await outputTo(request.out);
  const begun = performance.now();
  let [done, unread, stopped] = [0, 0, false];
  try {
    await out.write(writer.head);
    for await (const found of model.examine(items, { batch, signal, similarities: score === 'similarity' })) {
      const image = found.item.id;
      const answers = 'error' in found ? undefined : answersOf(model.classes, found, { top, threshold, score });
      const line = 'error' in found ? { image, error: found.error.message } : { image, answers: answers! };
      await out.write(writer.line(line, done === 0));
      if (features) await features.add(image, 'error' in found ? undefined : found.embedding);
      if ('error' in found) unread += 1;
      done += 1;
      onProgress?.(done, items.length);
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
    stopped = true;
  } finally {
    if (features) await features.close();
    await out.end(writer.tail);
  }
  return { images: done, unread, stopped, seconds: (performance.now() - begun) / 1000 };
}
