import type { Dataset } from '../contracts/dataset.js';
import type { TrainSettings } from './settings.js';

/** How long a phase of a training is. */
export interface TrainingPlan {
  /** Optimiser steps altogether. */
  readonly steps: number;
  /** Passes over the images, the last one perhaps cut short. */
  readonly epochs: number;
  /** Leave out a last batch that is not full, as the reference does where there is a full one. */
  readonly dropLast: boolean;
}

/** Counts the steps and passes that the settings of a phase mean for a data set. */
export function planPhase(
  settings: Pick<TrainSettings, 'batch' | 'accumulate' | 'steps' | 'stepsPerShot' | 'epochs'>,
  { train, classNames }: Pick<Dataset, 'train' | 'classNames'>,
): TrainingPlan {
  const { batch, accumulate, stepsPerShot, epochs } = settings;
  const dropLast = train.length >= batch;
  const batches = dropLast ? Math.floor(train.length / batch) : 1;
  const stepsPerEpoch = Math.ceil(batches / accumulate);
  const shots = Math.max(1, Math.round(train.length / classNames.length));
  const steps = settings.steps ?? (stepsPerShot === undefined ? undefined : stepsPerShot * shots);
  return {
    dropLast,
    steps: steps ?? epochs * stepsPerEpoch,
    epochs: steps === undefined ? epochs : Math.ceil(steps / stepsPerEpoch),
  };
}
