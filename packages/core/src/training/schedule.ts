import type { TrainingPlan } from './plan.js';
import type { TrainSettings } from './settings.js';

/** What the learning rate depends on. */
export type ScheduleSettings = Pick<
  TrainSettings,
  'learningRate' | 'schedule' | 'warmupEpochs' | 'warmupLearningRate'
> &
  Partial<Pick<TrainSettings, 'minimumLearningRate'>>;

/** A step of a training. */
export interface ScheduledStep {
  /** Pass that the step belongs to, from 0. */
  readonly epoch: number;
  /** Steps before it. */
  readonly step: number;
}

/** Part of a training that its warm-up takes where it would take all of it: as one epoch of the default five does. */
const SHORT_WARMUP = 1 / 5;

/**
 * The learning rate of a step. The first `warmupEpochs` epochs run at a constant rate; after them, epoch e has
 * m + (lr − m) · ½ (1 + cos(π (e − warmupEpochs) / epochs)), which does not reach the minimum m; step by step, step s has
 * m + (lr − m) · ½ (1 + cos(π (s − w) / (steps − w))) after w steps of warm-up; or lr itself if the schedule is constant. A training
 * that has no epoch after its warm-up warms up for the first fifth of its steps instead, and the schedule begins with epoch 0.
 *
 * @example learningRateAt({ learningRate: 0.0035, schedule: 'cosine', warmupEpochs: 1, warmupLearningRate: 1e-5 }, { epoch: 2, step: 8 }, { epochs: 5, steps: 20 }) // 0.0031658
 */
export function learningRateAt(
  settings: ScheduleSettings,
  { epoch, step }: ScheduledStep,
  { epochs, steps }: Pick<TrainingPlan, 'epochs' | 'steps'>,
): number {
  const { learningRate, schedule, warmupEpochs, warmupLearningRate, minimumLearningRate: least = 0 } = settings;
  const short = isAllWarmup(settings, epochs);
  if (short ? step < shortWarmup(steps) : epoch < warmupEpochs) return warmupLearningRate;
  if (schedule === 'constant') return learningRate;
  const cosine = (share: number): number => least + ((learningRate - least) * (1 + Math.cos(Math.PI * share))) / 2;
  if (schedule === 'cosine') return cosine((epoch - (short ? 0 : warmupEpochs)) / epochs);
  const before = short ? shortWarmup(steps) : Math.round((steps / epochs) * warmupEpochs);
  return cosine((step - before) / (steps - before));
}

/** What to tell where the warm-up that was asked for does not fit into a training; undefined where it does. */
export function warmupWarning(
  settings: ScheduleSettings,
  { epochs, steps }: Pick<TrainingPlan, 'epochs' | 'steps'>,
): string | undefined {
  if (!isAllWarmup(settings, epochs)) return undefined;
  const { warmupEpochs, warmupLearningRate } = settings;
  const count = shortWarmup(steps);
  const asked = `${warmupEpochs} ${warmupEpochs === 1 ? 'epoch' : 'epochs'} of warm-up (train.warmupEpochs) would be all of this training`;
  const taken =
    count === 0
      ? 'it has no warm-up'
      : `its first ${count} of ${steps} steps are the warm-up, at ${warmupLearningRate}`;
  return `${asked}, which learns next to nothing; ${taken}. Train for more epochs, or set train.warmupEpochs=0.`;
}

function isAllWarmup({ warmupEpochs }: ScheduleSettings, epochs: number): boolean {
  return warmupEpochs > 0 && warmupEpochs >= epochs;
}

function shortWarmup(steps: number): number {
  return Math.floor(steps * SHORT_WARMUP);
}
