import type { Tensor } from '@tensorflow/tfjs-core';
import type { HeadMaterial } from '../contracts/head.js';
import type { StepOutcome, TrainingStep } from '../contracts/step.js';
import type { StateDict } from '../safetensors/index.js';

/** Description of one recorded training run of the authors' code (`meta.json` of a fixture folder). */
export interface FixtureDescription {
  /** Family of the method: `coop`, `cocoop`, `maple`, `comma`, `lamm_coop`, … */
  readonly kind: string;
  /** The settings that it was trained with, under the names of the authors' code, e.g. `n_ctx`. */
  readonly hyper: Readonly<Record<string, unknown>>;
  /** Hand-crafted template of what is not learned, e.g. "a photo of a {}." */
  readonly template?: string;
  /** Hand-crafted templates of the run, where it has several, or its text does not come from the prompt. */
  readonly templates?: readonly string[];
}

/** A moment of a recorded run that is repeated. */
export interface RecordedMoment {
  /** After the head was prepared; before each update; after each epoch, where the run has epochs; after the last update. */
  readonly at: 'start' | 'step' | 'epoch' | 'end';
  /** The forward pass over the batch of the step; over the first batch at other moments. */
  readonly step: TrainingStep;
  /** Loss terms and gradients of the step, before the gradient rule; there at a step. */
  readonly outcome?: StepOutcome;
  /** `inputs.safetensors`. */
  readonly inputs: StateDict;
  /** What the head was prepared with. */
  readonly material?: HeadMaterial;
  /** A new forward pass over the recorded batch k, from 1, with the present values. */
  pass(k: number): TrainingStep;
}

/**
 * What a part shows at a moment, under the recorded names; those of a step without `step1/` before them. More than is recorded is no harm. It
 * runs within `tf.tidy`.
 */
export type Observer = (moment: RecordedMoment) => Readonly<Record<string, Tensor | ArrayLike<number> | undefined>>;
