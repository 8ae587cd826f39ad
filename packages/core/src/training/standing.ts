import type { StateDict } from '../safetensors/index.js';
import type { Progress } from './resume-file.js';

/** Where a training stands; its phases move it on. */
export interface Standing {
  progress: Progress;
  /** The best values of the present phase so far, where they are kept. */
  best?: StateDict;
}

/** Where a training begins. */
export function beginning(): Standing {
  return { progress: { epoch: 0, offset: 0, step: 0, seconds: 0, phase: { number: 0, epoch: 0, step: 0 } } };
}

/** A phase begins; what was the best belonged to the one before. */
export function enterPhase(standing: Standing, number: number): void {
  const { epoch, step, seconds, stops } = standing.progress;
  delete standing.best;
  const own = { offset: 0, phase: { number, epoch, step } };
  standing.progress = { epoch, step, seconds, ...own, ...(stops && { stops }) };
}
