import type { ClassResult, Evaluation } from '../contracts/evaluation.js';

/** What a classifier said about one image. */
export interface Answer {
  /** Class indices. */
  readonly label: number;
  readonly predicted: number;
  /** Probability of the predicted class, in (0, 1]. */
  readonly confidence: number;
}

const TOP = [1, 5];
const BINS = 15;

/** Collects logits batch by batch. Of equal logits, the one of the lower class counts as the larger. */
export class Metrics {
  private readonly confusion: number[][];
  private readonly hits = TOP.map(() => 0);
  private readonly bins = Array.from({ length: BINS }, () => ({ correct: 0, confidence: 0 }));
  private images = 0;
  private loss = 0;

  constructor(private readonly classNames: readonly string[]) {
    this.confusion = classNames.map(() => classNames.map(() => 0));
  }

  /**
   * @param logits [B, C], row by row, finite
   * @returns the answers of the batch, in its order
   */
  add(logits: ArrayLike<number>, labels: ArrayLike<number>): Answer[] {
    const classes = this.classNames.length;
    return Array.from(labels, (label, image) => {
      const row = Array.from({ length: classes }, (_, c) => logits[image * classes + c]!);
      return this.addImage(row, label);
    });
  }

  /** What was collected. */
  result(): Evaluation {
    const share = (count: number): number => (this.images === 0 ? 0 : count / this.images);
    const classes = this.classNames.map((name, c): ClassResult => {
      const images = sum(this.confusion[c]!);
      const correct = this.confusion[c]![c]!;
      return { name, images, correct, accuracy: images === 0 ? 0 : correct / images };
    });
    const f1 = classes.flatMap(({ images, correct }, c) => {
      const predicted = sum(this.confusion.map((row) => row[c]!));
      return images === 0 ? [] : [(2 * correct) / (images + predicted)];
    });
    return {
      images: this.images,
      accuracy: share(this.hits[0]!),
      topK: Object.fromEntries(TOP.map((k, i) => [k, share(this.hits[i]!)])),
      macroF1: f1.length === 0 ? 0 : sum(f1) / f1.length,
      expectedCalibrationError: share(sum(this.bins.map((bin) => Math.abs(bin.correct - bin.confidence)))),
      loss: share(this.loss),
      classes,
      confusion: this.confusion,
    };
  }

  private addImage(row: readonly number[], label: number): Answer {
    const largest = Math.max(...row);
    const predicted = row.indexOf(largest);
    const own = row[label]!;
    const rank = row.filter((logit, c) => logit > own || (logit === own && c < label)).length;
    const total = sum(row.map((logit) => Math.exp(logit - largest)));
    const confidence = 1 / total;
    const bin = this.bins[Math.min(BINS - 1, Math.floor(confidence * BINS))]!;
    this.images += 1;
    this.loss += Math.log(total) - (own - largest);
    this.confusion[label]![predicted]! += 1;
    TOP.forEach((k, i) => {
      if (rank < k) this.hits[i]! += 1;
    });

    bin.correct += predicted === label ? 1 : 0;
    bin.confidence += confidence;
    return { label, predicted, confidence };
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
