import { join } from 'node:path';
import { z } from 'zod';
import type { ImageItem } from '../contracts/dataset.js';
import type { Answer } from './metrics.js';
import { readOwnJson, replaceOwn } from '../own-file.js';

/** The answers for the images of one evaluation set; all lists have one entry for each image. */
export interface SetPredictions {
  /** Ids of the images. */
  readonly images: readonly string[];
  /** Class indices. */
  readonly labels: readonly number[];
  readonly predicted: readonly number[];
  /** Probability of the predicted class, rounded to three decimals. */
  readonly confidence: readonly number[];
}

/** By the names of the evaluation sets. */
export type Predictions = Readonly<Record<string, SetPredictions>>;

/** Name of the file in a run's folder; `runFiles.predictions` is the same. */
const FILE = 'predictions.json';

/** The same, growing. */
interface Log {
  readonly images: string[];
  readonly labels: number[];
  readonly predicted: number[];
  readonly confidence: number[];
}

/** Collects the answers of evaluations. */
export class PredictionLog {
  private readonly logs = Object.create(null) as Record<string, Log>; // a set may be called `__proto__`

  /** What was collected. */
  get sets(): Predictions {
    return this.logs;
  }

  /** The listener of one set's evaluation. */
  of(set: string): (item: ImageItem, answer: Answer) => void {
    const log: Log = { images: [], labels: [], predicted: [], confidence: [] };
    this.logs[set] = log;
    return ({ id }, { label, predicted, confidence }) => {
      log.images.push(id);
      log.labels.push(label);
      log.predicted.push(predicted);
      log.confidence.push(Math.round(1000 * confidence) / 1000);
    };
  }
}

/** Writes the answers into the folder of a run. */
export function writePredictions(folder: string, sets: Predictions): void {
  replaceOwn(join(folder, FILE), `${JSON.stringify({ format: 1, sets })}\n`);
}

const counts = z.array(z.number());
/** The form of the file. */
export const predictionsFile = z.looseObject({
  format: z.literal(1),
  sets: z.record(
    z.string(),
    z.object({
      images: z.array(z.string()),
      labels: counts,
      predicted: counts,
      confidence: z.array(z.number().nullable()),
    }),
  ),
});

/**
 * The answers that the folder of a run holds; undefined where it has none, as runs of versions before 0.1 do not.
 * @throws DamagedFileError
 */
export function readPredictions(folder: string): Predictions | undefined {
  return readOwnJson(join(folder, FILE), predictionsFile)?.sets as Predictions | undefined;
}
