import type { Evaluation } from '../contracts/evaluation.js';

/** One optimiser step. */
export interface StepEvent {
  readonly type: 'step';
  /** Steps behind, this one included. */
  readonly step: number;
  /** Steps of the whole training. */
  readonly steps: number;
  /** From 0. */
  readonly epoch: number;
  readonly epochs: number;
  /** Weighted sum of the loss terms. */
  readonly loss: number;
  /** Each term before its weight. */
  readonly terms: Readonly<Record<string, number>>;
  /** Fraction of the step's images whose own class had the largest logit. */
  readonly accuracy: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  /** Seconds until the last step, as far as the steps so far tell. */
  readonly secondsLeft: number;
  /** Seconds that this step waited for its images. */
  readonly loaderWait: number;
}

/** What a training reports. */
export type TrainEvent =
  | {
      readonly type: 'start';
      readonly steps: number;
      readonly epochs: number;
      /** Images of a pass. */
      readonly images: number;
      /** Learned parameters. */
      readonly parameters: number;
      /** Numbers that a head was fitted to before the training, where there are any. */
      readonly fitted?: number;
      /** Where the training goes on: steps and whole epochs that were done before; 0 at its beginning. */
      readonly resumedAt: { readonly step: number; readonly epoch: number };
    }
  /** A phase begins, or goes on; not told where there is one alone. */
  | {
      readonly type: 'phase';
      /** From 1. */
      readonly phase: number;
      readonly phases: number;
      /** Sections of the configuration whose parts learn in it. */
      readonly learns: readonly string[];
      /** Learned parameters. */
      readonly parameters: number;
      readonly steps: number;
    }
  | { readonly type: 'warning'; readonly message: string }
  /** Worth knowing, and no cause for worry: see `Backbone.notes` and `Dataset.notes`. */
  | { readonly type: 'note'; readonly message: string }
  | { readonly type: 'features'; readonly done: number; readonly total: number }
  | StepEvent
  | {
      readonly type: 'evaluation';
      readonly name: string;
      readonly step: number;
      /** Epochs behind. */
      readonly epoch: number;
      readonly result: Evaluation;
    }
  | { readonly type: 'checkpoint'; readonly path: string; readonly step: number }
  | { readonly type: 'end'; readonly status: 'finished' | 'stopped'; readonly step: number; readonly seconds: number };
