import type { Progress } from './resume-file.js';
import type { PhaseSettings } from './phase-settings.js';

/** A phase that ended before its plan did, since its validation no longer improved. */
export type EarlyStop = NonNullable<Progress['stops']>[number];

/**
 * Takes note of the validation of an epoch, where the settings ask for patience.
 * @param epoch epochs behind, this one included
 * @returns what has changed of the progress
 */
export function withValidation(
  { waiting, stops = [], phase }: Progress,
  { stop }: PhaseSettings,
  { epoch, step, accuracy, isLast }: { epoch: number; step: number; accuracy: number; isLast: boolean },
): Pick<Progress, 'waiting' | 'stops'> {
  if (!stop) return {};
  if (!waiting || accuracy > waiting.accuracy) return { waiting: { epoch, accuracy, evaluations: 0 } };
  const evaluations = waiting.evaluations + 1;
  const next = { waiting: { ...waiting, evaluations } };
  if (evaluations < stop.patience || isLast) return next;
  const { epoch: bestEpoch, accuracy: bestAccuracy } = waiting;
  const early = { phase: phase.number, epoch, step, patience: stop.patience, bestEpoch, bestAccuracy };
  return { ...next, stops: [...stops, early] };
}

/** How the present phase was stopped; undefined where it was not. */
export function stopOf({ stops, phase }: Progress): EarlyStop | undefined {
  return stops?.find(({ phase: stopped }) => stopped === phase.number);
}

/** A sentence. */
export function describeStop({ epoch, patience, bestEpoch, bestAccuracy }: EarlyStop): string {
  const waited = patience === 1 ? 'at 1 evaluation' : `at ${patience} evaluations`;
  const best = `${(100 * bestAccuracy).toFixed(1)} % after epoch ${bestEpoch}`;
  return `Stopped after epoch ${epoch}: the accuracy on the validation images has not improved ${waited} in a row (best: ${best}).`;
}
