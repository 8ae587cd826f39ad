import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { Backbone } from '../contracts/backbone.js';
import type { Dataset, ImageItem } from '../contracts/dataset.js';
import type { FeatureStore, View } from '../contracts/features.js';
import type { DataPipeline } from '../contracts/pipeline.js';
import type { Batch } from '../contracts/step.js';
import { Blocks } from '../model/image-blocks.js';

/** What a store knows the features of an image, or of one of its views, by. */
export function featureKey({ id }: ImageItem, view?: View): string {
  if (!view) return id;
  return `view ${view.index} of ${id}, seed ${view.seed}${view.minimumCrop === undefined ? '' : `, crops from ${view.minimumCrop}`}`;
}

/** A batch on the host: pixels or features. */
export interface PreparedBatch {
  readonly items: readonly ImageItem[];
  /** [B]. */
  readonly labels: Int32Array;
  /** [B, 3, size, size], normalised. */
  readonly images?: Float32Array;
  /** [B, E], before normalisation. */
  readonly features?: Float32Array;
}

/** Where images come from and how they are read. */
export interface ImageSource {
  readonly backbone: Backbone;
  readonly pipeline: DataPipeline;
  readonly policy: Dataset['imagePolicy'];
  readonly seed: number;
  readonly onBadImage: 'fail' | 'skip';
}

/** One pass over some items in their order. */
export interface PassRequest {
  readonly items: readonly ImageItem[];
  readonly batchSize: number;
  readonly epoch: number;
  readonly augment: boolean;
  readonly minimumCrop?: number;
  readonly dropLast: boolean;
}

/** How a long computation is stopped, and whom it tells how far it is. */
export interface Watch {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Images that are read together where their features are stored. */
export const FEATURE_BATCH = 32;

/** Batches of pixels. */
export async function* imageBatches(source: ImageSource, request: PassRequest): AsyncGenerator<PreparedBatch> {
  const { backbone, pipeline, policy, seed, onBadImage } = source;
  const { preprocessing } = backbone;
  yield* pipeline.batches({ ...request, shuffle: false, preprocessing, policy, seed, onBadImage });
}

/**
 * Computes the features of the items that the store lacks, or waits for the processes that do. An image that cannot be read and is to be
 * skipped stays absent.
 *
 * @param view of an augmented view instead of the evaluation transform
 * @throws the signal's reason where it is aborted; what was computed stays in the store
 */
export async function storeFeatures(
  store: FeatureStore,
  source: ImageSource,
  items: readonly ImageItem[],
  { signal, onProgress }: Watch = {},
  view?: View,
): Promise<void> {
  const lacking = (of: readonly ImageItem[]): ImageItem[] => of.filter((item) => !store.has(featureKey(item, view)));
  if (store.recall) await store.recall(lacking(items), view);
  const missing = lacking(items);
  const tell = (): void => onProgress?.(missing.length - lacking(missing).length, missing.length);
  const { backbone } = source;
  const blocks = new Blocks<tf.Tensor4D>(backbone.imagesPerBlock ?? 1, (images) => backbone.encodeImages(images));
  for (let left = missing; left.length > 0;) {
    const taken = (await store.takeOn?.(left, view, signal)) ?? { items: left, done: () => undefined };
    try {
      const own = lacking(taken.items);
      if (own.length > 0) await computeFeatures(store, source, blocks, own, { signal, onProgress: tell }, view);
      else tell();
    } finally {
      taken.done();
    }
    const seen = new Set(taken.items);
    left = left.filter((item) => !seen.has(item));
  }
}

async function computeFeatures(
  store: FeatureStore,
  source: ImageSource,
  blocks: Blocks<tf.Tensor4D>,
  items: readonly ImageItem[],
  { signal, onProgress }: { readonly signal?: AbortSignal; onProgress(): void },
  view?: View,
): Promise<void> {
  const { index: epoch = 0, minimumCrop } = view ?? {};
  const augment = view !== undefined;
  const pass = { items, batchSize: FEATURE_BATCH, epoch, augment, minimumCrop, dropLast: false };
  const computed: string[] = [];
  try {
    for await (const batch of imageBatches(source, pass)) {
      const values = tf.tidy(() => blocks.run(imageTensor(batch, source.backbone)).dataSync());
      const width = values.length / batch.items.length;
      batch.items.forEach((item, i) => {
        const key = featureKey(item, view);
        store.set(key, (values as Float32Array).slice(i * width, (i + 1) * width));
        computed.push(key);
      });
      onProgress();
      await setImmediate(); // signals get their turn
      signal?.throwIfAborted();
    }
  } finally {
    if (computed.length > 0) await store.remember?.(computed);
  }
}

/** Batches of stored features. Items without features are left out. */
export function* featureBatches(store: FeatureStore, request: PassRequest, view?: View): Generator<PreparedBatch> {
  const { items, batchSize, dropLast } = request;
  for (let start = 0; start < items.length; start += batchSize) {
    if (dropLast && start + batchSize > items.length) return;
    const known = items.slice(start, start + batchSize).filter((item) => store.has(featureKey(item, view)));
    if (known.length === 0) continue;
    const rows = known.map((item) => store.get(featureKey(item, view))!);
    const features = new Float32Array(rows.length * rows[0]!.length);
    rows.forEach((row, i) => features.set(row, i * row.length));
    yield { items: known, labels: Int32Array.from(known, (item) => item.label), features };
  }
}

/** The batch on the backend. The caller owns its tensors. */
export function toDevice(prepared: PreparedBatch, backbone: Backbone): Batch {
  const labels = tf.tensor1d(prepared.labels, 'int32');
  if (!prepared.features) return { labels, images: imageTensor(prepared, backbone) };
  return { labels, features: tf.tensor2d(prepared.features, [prepared.items.length, backbone.shape.embedding]) };
}

function imageTensor(prepared: PreparedBatch, backbone: Backbone): tf.Tensor4D {
  const { imageSize } = backbone.shape.vision;
  return tf.tensor4d(prepared.images!, [prepared.items.length, 3, imageSize, imageSize]);
}
