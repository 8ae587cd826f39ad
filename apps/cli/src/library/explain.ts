import { DatasetError, type ImageItem } from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Answering } from './answering.js';
import { BATCH } from './examine.js';

/** Where an image mattered for its first class. */
export interface Explanation {
  /** Name of the class that the model sees in the whole image. */
  readonly label: string;
  /** Of that class, for the whole image, from 0 to 1. */
  readonly probability: number;
  /**
   * How much the log-probability of the class falls where this part of the image is covered, [cells, cells], row by row; below 0 where it
   * rises.
   */
  readonly heat: Float32Array;
  /** Parts of the image along a side; 8. */
  readonly cells: number;
  /** The image as the model sees it, RGB bytes, [size, size, 3]. */
  readonly pixels: Uint8Array;
  /** Pixels along a side, those of the backbone. */
  readonly size: number;
}

/** Parts of an image from left to right; a cover hides two by two of them. */
const CELLS = 8;

/**
 * Covers one part of an image after the other with its mean colour, and measures what the class that the model sees in it loses
 * (Zeiler and Fergus, arXiv 1311.2901).
 * @throws DatasetError where the image cannot be read
 */
export async function explain(model: Answering, item: ImageItem, signal?: AbortSignal): Promise<Explanation> {
  const { mean, std, size } = model.preprocessing;
  const batches = model.pipeline.batches({
    ...{ items: [item], batchSize: 1, preprocessing: model.preprocessing, policy: 'custom' },
    ...{ augment: false, shuffle: false, dropLast: false, seed: 0, epoch: 0, onBadImage: 'fail' },
  });
  for await (const { images } of batches) {
    const [whole] = await logProbabilities(model, [images]);
    const label = whole!.indexOf(Math.max(...whole!));
    const covers = CELLS - 1;
    const falls = new Float32Array(covers * covers);
    for (let from = 0; from < falls.length; from += BATCH) {
      signal?.throwIfAborted();
      const count = Math.min(BATCH, falls.length - from);
      const covered = Array.from({ length: count }, (_, i) => cover(images, size, from + i));
      const found = await logProbabilities(model, covered);
      found.forEach((row, i) => (falls[from + i] = whole![label]! - row[label]!));
    }
    const pixels = Uint8Array.from({ length: 3 * size * size }, (_, i) => {
      const channel = i % 3;
      const value = images[channel * size * size + Math.floor(i / 3)]! * std[channel]! + mean[channel]!;
      return Math.round(255 * Math.min(1, Math.max(0, value)));
    });
    const probability = Math.exp(whole![label]!);
    return { label: model.classNames[label]!, probability, heat: spread(falls), cells: CELLS, pixels, size };
  }
  throw new DatasetError('The image cannot be read.', { where: item.id });
}

/** A copy of [3, size, size] with one cover of two by two cells; normalised, the mean colour is 0. */
function cover(image: Float32Array, size: number, position: number): Float32Array {
  const covers = CELLS - 1;
  const edge = (cell: number): number => Math.round((cell * size) / CELLS);
  const [row, column] = [Math.floor(position / covers), position % covers];
  const copy = image.slice();
  for (let channel = 0; channel < 3; channel++) {
    for (let y = edge(row); y < edge(row + 2); y++) {
      const start = (channel * size + y) * size;
      copy.fill(0, start + edge(column), start + edge(column + 2));
    }
  }
  return copy;
}

/** The mean over the covers that hide a cell. */
function spread(falls: Float32Array): Float32Array {
  const covers = CELLS - 1;
  const heat = new Float32Array(CELLS * CELLS);
  for (let row = 0; row < CELLS; row++) {
    for (let column = 0; column < CELLS; column++) {
      let [sum, count] = [0, 0];
      for (const y of [row - 1, row]) {
        for (const x of [column - 1, column]) {
          if (Math.min(x, y) < 0 || Math.max(x, y) >= covers) continue;
          sum += falls[y * covers + x]!;
          count += 1;
        }
      }
      heat[row * CELLS + column] = sum / count;
    }
  }
  return heat;
}

async function logProbabilities(model: Answering, images: readonly Float32Array[]): Promise<number[][]> {
  const { size } = model.preprocessing;
  const values = new Float32Array(images.length * images[0]!.length);
  images.forEach((image, i) => values.set(image, i * image.length));
  const logits = tf.tidy(() =>
    tf.logSoftmax(model.logits(model.encode(tf.tensor4d(values, [images.length, 3, size, size])))),
  );
  const rows = (await logits.array()) as number[][];
  logits.dispose();
  return rows;
}
