import type { TrainSettings } from './settings.js';

/** What the learning rate depends on. */
export type ScheduleSettings = Pick<TrainSettings, 'learningRate' | 'schedule' | 'warmupEpochs' | 'warmupLearningRate'>;

/**
 * The learning rate of an epoch. The first `warmupEpochs` epochs run at a constant rate; after them, epoch e has
 * lr · ½ (1 + cos(π (e − warmupEpochs) / epochs)), which does not reach zero, or lr itself if the schedule is constant.
 *
 * @param epoch counted from 0
 * @param epochs all epochs of the training, warm-up included
 * @example learningRateAt({ learningRate: 0.0035, schedule: 'cosine', warmupEpochs: 1, warmupLearningRate: 1e-5 }, 2, 5) // 0.0031658
 */
export function learningRateAt(settings: ScheduleSettings, epoch: number, epochs: number): number {
  const { learningRate, schedule, warmupEpochs, warmupLearningRate } = settings;
  if (epoch < warmupEpochs) return warmupLearningRate;
  if (schedule === 'constant') return learningRate;
  return (learningRate * (1 + Math.cos((Math.PI * (epoch - warmupEpochs)) / epochs))) / 2;
}
