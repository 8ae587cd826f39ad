import {
  ConfigError,
  DatasetError,
  type BatchRequest,
  type DataPipeline,
  type Dataset,
  type HostBatch,
  type ImageItem,
  type SubsetRequest,
} from '@promptweave/core';
import { createDataset } from '../create-dataset.js';
import { drawsFor } from '../image/augment.js';
import { decodeImage, isDecodedApart } from '../image/decode.js';
import { sizeOfItem } from '../readers/file-image.js';
import { noteOnShots } from '../sampling/note-on-shots.js';
import { inTurn, withPixels } from '../image/in-turn.js';
import type { ImageHeader } from '../image/header.js';
import type { RgbImage } from '../image/rgb-image.js';
import { sampleFewShot } from '../sampling/few-shot.js';
import { selectClasses } from '../sampling/select-classes.js';
import { ImageCache } from './image-cache.js';
import { prepareImage } from './prepare-image.js';
import { createWorkerPool } from './worker-pool.js';

/** How images are prepared. None of it changes what a batch holds, but `approximate`. */
export interface PipelineOptions {
  /**
   * Threads that decode and resample. 0, the default, decodes in sharp's own threads and resamples in the main one, between
   * the steps; on a machine with cores to spare, 2 to 4 keep a GPU busy.
   */
  readonly workers?: number;
  /** Decoded images are kept for the next epoch, up to this many megabytes (2²⁰ bytes). Default 0. */
  readonly cacheMegabytes?: number;
  /** Evaluation images are shrunk by libvips: faster, with the difference that the README states. Default false. */
  readonly approximate?: boolean;
  /** Called once for every image that is skipped under `onBadImage: 'skip'`, whatever asks for it, however often. */
  readonly onSkip?: (item: ImageItem, error: DatasetError) => void;
}

/** A data pipeline that owns threads and a cache. */
export interface OwnedDataPipeline extends DataPipeline {
  /** Starts a thread for images that will be asked for soon, while other things are loaded. Needs not be called. */
  begin(): void;
  /** Ends the threads and drops the cache. */
  close(): Promise<void>;
}

/**
 * What is prepared while a batch is being used: at least two batches or 64 images, and more of small images, for their way takes many turns of
 * a main thread that computes most of the time.
 */
const AHEAD = 2;
const MOST_AHEAD = 16;
const ENOUGH_AHEAD = 64;
const ENOUGH_BYTES = 16 * 2 ** 20;

function subset(dataset: Dataset, { shots, seed, classes }: SubsetRequest): Dataset {
  if (shots === undefined) return selectClasses(dataset, classes);
  // Field by field: a spread would compute the digest of all images.
  const { name, classNames, template, imagePolicy, train, val, test } = dataset;
  const drawn = sampleFewShot({ train, val }, shots, seed);
  const { notes = [] } = dataset;
  const sampled = createDataset({ name, classNames, template, imagePolicy, ...drawn, test });
  const few = noteOnShots(selectClasses(sampled, classes), shots);
  const told = few === undefined ? notes : [...notes, few];
  return selectClasses(
    createDataset({ name, classNames, template, imagePolicy, ...drawn, test, notes: told }),
    classes,
  );
}

/** The items of a pass, batch by batch. */
function cut({ items, batchSize, shuffle, seed, epoch, dropLast }: BatchRequest): ImageItem[][] {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new ConfigError(`A batch holds at least 1 image, not ${batchSize}.`, { remedy: 'Set a whole batch size.' });
  }
  const order = [...items];
  if (shuffle) {
    const draws = drawsFor(seed, epoch, 'order of the images');
    for (let last = order.length - 1; last > 0; last--) {
      const other = draws.below(last + 1);
      [order[last], order[other]] = [order[other], order[last]];
    }
  }
  const count = dropLast ? Math.floor(order.length / batchSize) : Math.ceil(order.length / batchSize);
  return Array.from({ length: count }, (_, i) => order.slice(i * batchSize, (i + 1) * batchSize));
}

/** What errors call an image. */
function placeOf({ id, where = id }: ImageItem): string {
  return where;
}

/**
 * Makes the pipeline that turns data sets into batches: few-shot subsets as the papers', images decoded and transformed two
 * batches ahead of their use, with seeds that depend on run, epoch and image alone.
 */
export function createDataPipeline(options: PipelineOptions = {}): OwnedDataPipeline {
  const { workers = 0, cacheMegabytes = 0, approximate = false, onSkip } = options;
  const pool = workers > 0 ? createWorkerPool(workers) : undefined;
  const prepare = pool ? pool.run : prepareImage;
  const cache = new ImageCache(cacheMegabytes * 2 ** 20);
  const told = new Set<string>();

  /** `[3, size, size]`; nothing else is held once it is there, however large the batch is. */
  const prepareItem = async (item: ImageItem, request: BatchRequest): Promise<Float32Array | DatasetError> => {
    const { preprocessing, policy, augment, minimumCrop, seed, epoch, onBadImage } = request;
    try {
      const known = cache.get(item);
      const make = async (source: Uint8Array | RgbImage, header?: ImageHeader): Promise<Float32Array> => {
        const { values, image } = await prepare({
          source,
          header,
          id: item.id,
          where: placeOf(item),
          policy,
          format: preprocessing,
          augment: augment ? { seed, epoch, minimumCrop } : undefined,
          approximate,
          keep: known === undefined && cache.takesMore,
        });
        if (image) cache.set(item, image);
        return values;
      };
      if (known) return await withPixels(pool ? known.data.length : 0, () => make(known)); // a thread gets a copy
      const waiting = { size: () => sizeOfItem(item), load: () => item.load(), policy };
      return await inTurn(waiting, async (file, header) =>
        // One process decodes them for all threads.
        header && isDecodedApart(header)
          ? make(await decodeImage(file, policy, placeOf(item), header))
          : make(file, header),
      );
    } catch (error) {
      if (error instanceof DatasetError && onBadImage === 'skip') return error;
      throw error;
    }
  };

  const skip = (item: ImageItem, error: DatasetError, request: BatchRequest): void => {
    request.onSkip?.(item, error);
    const place = placeOf(item);
    if (!told.has(place)) onSkip?.(item, error);
    told.add(place);
  };

  const prepareBatch = async (items: ImageItem[], request: BatchRequest): Promise<HostBatch> => {
    const results = await Promise.all(items.map((item) => prepareItem(item, request)));
    const good: ImageItem[] = [];
    const pixels = 3 * request.preprocessing.size ** 2;
    const images = new Float32Array(items.length * pixels);
    results.forEach((result, i) => {
      if (result instanceof DatasetError) {
        skip(items[i], result, request);
        return;
      }
      images.set(result, good.length * pixels);
      good.push(items[i]);
    });
    return {
      items: good,
      images: images.subarray(0, good.length * pixels),
      labels: Int32Array.from(good, ({ label }) => label),
    };
  };

  async function* batches(request: BatchRequest): AsyncGenerator<HostBatch> {
    const waiting = cut(request);
    if (waiting.length > 0) cache.beginPass();
    const started: Promise<HostBatch>[] = [];
    const start = (): void => {
      const items = waiting.shift();
      if (!items) return;
      const batch = prepareBatch(items, request);
      batch.catch(() => undefined); // reported where the batch is awaited; one that is never awaited is not wanted
      started.push(batch);
    };
    const bytes = request.batchSize * Float32Array.BYTES_PER_ELEMENT * 3 * request.preprocessing.size ** 2;
    const small = Math.min(MOST_AHEAD, Math.floor(ENOUGH_BYTES / bytes));
    const ahead = Math.max(small, Math.min(AHEAD, Math.ceil(ENOUGH_AHEAD / request.batchSize)));
    for (let i = 0; i <= ahead; i++) start();
    for (let next = started.shift(); next; next = started.shift()) {
      const batch = await next;
      start();
      if (batch.items.length > 0) yield batch;
    }
  }

  return {
    subset,
    batches,
    begin: () => pool?.begin(),
    close: async () => {
      cache.clear();
      await pool?.close();
    },
  };
}
