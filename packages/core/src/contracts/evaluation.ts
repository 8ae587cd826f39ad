import type { Dataset } from './dataset.js';
import type { FeatureStore } from './features.js';

/** How well one class was recognised. */
export interface ClassResult {
  readonly name: string;
  /** Images of the class. */
  readonly images: number;
  readonly correct: number;
  /** Fraction in [0, 1]; 0 where there were no images. */
  readonly accuracy: number;
}

/** How well a classifier did on some images. Rates are fractions in [0, 1]. */
export interface Evaluation {
  readonly images: number;
  readonly accuracy: number;
  /** The true class is among the k largest logits; by k, for k = 1 and 5. */
  readonly topK: Readonly<Record<string, number>>;
  /** Mean F1 over the classes that have images. */
  readonly macroF1: number;
  /** Σ over 15 equally wide bins of the largest probability: share of images · |accuracy − mean probability|. */
  readonly expectedCalibrationError: number;
  /** Mean cross-entropy. */
  readonly loss: number;
  readonly classes: readonly ClassResult[];
  /** `confusion[actual][predicted]` images. */
  readonly confusion: readonly (readonly number[])[];
}

/** Images to evaluate on, whose classes may be others than those that were trained. */
export interface EvaluationSet {
  /** What results call it, e.g. `test`, `novel`. */
  readonly name: string;
  readonly dataset: Dataset;
  readonly split: 'train' | 'val' | 'test';
  /** Image features of this data set that are known from before; new ones are added where they are constant. */
  readonly features?: FeatureStore;
}
