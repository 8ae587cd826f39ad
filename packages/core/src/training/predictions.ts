import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { ImageItem } from '../contracts/dataset.js';
import type { Answer } from './metrics.js';

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
  private readonly logs: Record<string, Log> = {};

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
  writeFileAtomic.sync(join(folder, FILE), `${JSON.stringify({ format: 1, sets })}\n`);
}

/** The answers that the folder of a run holds; undefined where it has none, as runs of versions before 0.1 do not. */
export function readPredictions(folder: string): Predictions | undefined {
  const path = join(folder, FILE);
  if (!existsSync(path)) return undefined;
  return (JSON.parse(readFileSync(path, 'utf8')) as { sets: Predictions }).sets;
}
