import type { Dataset } from './dataset.js';
import type { FeatureStore } from './features.js';

/** How well one class was recognised. */
export interface ClassResult {
  /** As in the data set; two classes may share it. */
  readonly name: string;
  /** Images of the class. */
  readonly images: number;
  /** Images of the class that were taken for it. */
  readonly correct: number;
  /** Fraction in [0, 1]; 0 where there were no images. */
  readonly accuracy: number;
}

/** How well a classifier did on some images. Rates are fractions in [0, 1]. */
export interface Evaluation {
  /** Images that were judged; those that could not be read are left out. */
  readonly images: number;
  /** Share of images whose own class has the largest logit; of equal logits, that of the lower class counts as the larger. */
  readonly accuracy: number;
  /** The true class is among the k largest logits; by k, for k = 1 and 5. */
  readonly topK: Readonly<Record<string, number>>;
  /** Mean F1 over the classes that have images. */
  readonly macroF1: number;
  /** Σ over 15 equally wide bins of the largest probability: share of images · |accuracy − mean probability|. */
  readonly expectedCalibrationError: number;
  /** Mean cross-entropy. */
  readonly loss: number;
  /** One for each class, by label. */
  readonly classes: readonly ClassResult[];
  /** `confusion[actual][predicted]` images. */
  readonly confusion: readonly (readonly number[])[];
}

/** Images to evaluate on, whose classes may be others than those that were trained. */
export interface EvaluationSet {
  /** What results call it, e.g. `test`, `novel`. */
  readonly name: string;
  /** Its class names are what the images are told apart by; the classifier is made to fit them. */
  readonly dataset: Dataset;
  /** The images that are used. */
  readonly split: 'train' | 'val' | 'test';
  /** Image features of this data set that are known from before; new ones are added where they are constant. */
  readonly features?: FeatureStore;
}
