import type { Evaluation } from '../contracts/evaluation.js';
import type { Provenance } from './provenance.js';
import type { SkippedImages, SkipReasons } from './skipped-images.js';
import type { TrainOutcome } from './train-request.js';

/** The contents of `result.json`. */
export interface RunResult {
  readonly format: 1;
  /** Learned parameters, those that a head was fitted to (and keeps of the training images) among them. */
  readonly parameters: number;
  readonly training: Omit<TrainOutcome, 'status'>;
  /** By the names of the evaluation sets. */
  readonly evaluations: Readonly<Record<string, Evaluation>>;
  /**
   * Images that could not be read and were left out, by `train` and `val` of the training and the names of the evaluation sets; absent
   * where there are none. A run that goes on after its training was complete knows those of the training from `log.txt` alone.
   */
  readonly skipped?: SkippedImages;
  /** Why each of them cannot be read; absent in results of an older promptweave. */
  readonly skipReasons?: SkipReasons;
  /** What was warned of on the way; absent where nothing was. */
  readonly warnings?: readonly string[];
  /** What was left out or assumed where the data sets were read: see `Dataset.notes`. Absent where there is nothing to say. */
  readonly notes?: readonly string[];
  /** Validation images that neither the training nor the evaluation looked at; absent where there are none. */
  readonly unusedValidation?: number;
  /** Seconds of the evaluations together. */
  readonly evaluationSeconds: number;
  readonly provenance: Provenance;
}
