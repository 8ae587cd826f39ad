import type { Scalar } from '@tensorflow/tfjs-core';
import type { LossNeeds, TrainingStep } from './step.js';

/** A loss's weighted share of the total. */
export interface LossTerm {
  readonly name: string;
  readonly value: Scalar;
  readonly weight: number;
}

/** A differentiable objective. */
export interface Loss {
  readonly name: string;
  readonly needs: LossNeeds;
  /** The terms of this step; the total is Σ weight · value over all losses. */
  terms(step: TrainingStep): LossTerm[];
  dispose(): void;
}
