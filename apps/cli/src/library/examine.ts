import { setImmediate } from 'node:timers/promises';
import { TrainingError, type DatasetError, type ImageItem } from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Answering } from './answering.js';

/** Images that go through the model together where nothing else is asked for: those of the largest block that a backbone takes. */
export const BATCH = 32;

/** What is asked of each image. */
export interface Examination {
  /** Images that go through the model together; changes no number. Default 32. */
  readonly batch?: number;
  /** Cosines of image and classes, too. */
  readonly similarities?: boolean;
  /** Ends the work before the next batch, which throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What the model says about an image. */
export interface Examined {
  readonly item: ImageItem;
  /** Unit length, [E]. */
  readonly embedding: Float32Array;
  /** [C] */
  readonly logits: Float32Array;
  /** [C]; there if they were asked for. */
  readonly similarities?: Float32Array;
}

/** An image that cannot be read. */
export interface Unread {
  readonly item: ImageItem;
  readonly error: DatasetError;
}

/**
 * Takes images through a model, in their order.
 * @throws TrainingError where a logit is not finite; the signal's reason where it is aborted
 */
export async function* examine(
  model: Answering,
  items: readonly ImageItem[],
  { batch = BATCH, similarities = false, signal }: Examination = {},
): AsyncGenerator<Examined | Unread> {
  const known = new Map<ImageItem, Examined | Unread>();
  let next = 0;
  const inOrder = function* (): Generator<Examined | Unread> {
    for (let found = known.get(items[next]!); found; found = known.get(items[next]!)) {
      known.delete(items[next]!);
      next += 1;
      yield found;
    }
  };
  const batches = model.pipeline.batches({
    ...{ items, batchSize: batch, preprocessing: model.preprocessing, policy: 'custom' },
    ...{ augment: false, shuffle: false, dropLast: false, seed: 0, epoch: 0, onBadImage: 'skip' },
    onSkip: (item, error) => known.set(item, { item, error }),
  });
  for await (const { images, items: read } of batches) {
    signal?.throwIfAborted();
    const { size } = model.preprocessing;
    const rows = await compute(model, images, [read.length, 3, size, size], similarities);
    read.forEach((item, i) => {
      const row = { item, ...rows(i) };
      if (row.logits.some((logit) => !Number.isFinite(logit))) {
        throw new TrainingError('A logit is not a finite number.', {
          where: item.id,
          remedy: 'Train again with a lower learning rate, or check the weights.',
        });
      }
      known.set(item, row);
    });
    yield* inOrder();
    await setImmediate();
  }
  yield* inOrder();
}

/** @returns what belongs to the image at a position */
async function compute(
  model: Answering,
  values: Float32Array,
  shape: [number, number, number, number],
  similarities: boolean,
): Promise<(i: number) => Omit<Examined, 'item'>> {
  const tensors = tf.tidy(() => {
    const encoded = model.encode(tf.tensor4d(values, shape));
    const raw = tf.slice(encoded, [0, 0], [-1, model.embedding]);
    return {
      embedding: tf.div(raw, tf.norm(raw, 'euclidean', 1, true)),
      logits: model.logits(encoded),
      ...(similarities && { similarities: model.similarities(encoded) }),
    };
  });
  const all = await Promise.all(
    Object.entries(tensors).map(async ([name, tensor]) => [name, await tensor.data()] as const),
  );
  tf.dispose(tensors);
  const count = shape[0];
  return (i) => {
    const rows = all.map(([name, data]) => {
      const width = data.length / count;
      return [name, (data as Float32Array).slice(i * width, (i + 1) * width)];
    });
    return Object.fromEntries(rows) as Omit<Examined, 'item'>;
  };
}
