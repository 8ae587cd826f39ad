import type { Scalar } from '@tensorflow/tfjs-core';
import type { LossNeeds, TrainingStep } from './step.js';

/** A loss's weighted share of the total. */
export interface LossTerm {
  /** What logs and figures call it, e.g. `lamm/feature`; a gradient rule picks terms by it. Two losses may give the same. */
  readonly name: string;
  /** Mean over the batch as a rule, before the weight; on the tape, and freed with the step. */
  readonly value: Scalar;
  /** Finite. The weight in the configuration is a further factor. */
  readonly weight: number;
}

/** A differentiable objective. */
export interface Loss {
  /** That of its plugin. */
  readonly name: string;
  /** What a step must compute for it; read before the first step, so it stays the same. */
  readonly needs: LossNeeds;
  /** The terms of this step; the total is Σ weight · value over all losses. */
  terms(step: TrainingStep): LossTerm[];
  /** Frees what it kept from step to step, such as features of a reference. */
  dispose(): void;
}
