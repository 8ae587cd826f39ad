import type { TrainSettings } from './settings.js';

/** How long a training is. */
export interface TrainingPlan {
  /** Optimiser steps altogether. */
  readonly steps: number;
  /** Passes over the images, the last one perhaps cut short. */
  readonly epochs: number;
  /** Leave out a last batch that is not full, as the reference does where there is a full one. */
  readonly dropLast: boolean;
}

/** Counts the steps and passes that the settings mean for so many images. */
export function planTraining(
  { batch, accumulate, steps, epochs }: Pick<TrainSettings, 'batch' | 'accumulate' | 'steps' | 'epochs'>,
  images: number,
): TrainingPlan {
  const dropLast = images >= batch;
  const batches = dropLast ? Math.floor(images / batch) : 1;
  const stepsPerEpoch = Math.ceil(batches / accumulate);
  return {
    dropLast,
    steps: steps ?? epochs * stepsPerEpoch,
    epochs: steps === undefined ? epochs : Math.ceil(steps / stepsPerEpoch),
  };
}
