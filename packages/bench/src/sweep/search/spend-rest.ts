import { groupBy } from '../../report/analysis/group-by.js';
import type { Candidate, Promotion } from './promote.js';

/** A cell with what it has cost, and what its whole training will have. */
export interface CostedCandidate extends Candidate {
  /** Optimiser steps behind. */
  readonly steps: number;
  /** Epochs of the whole training. */
  readonly epochs: number;
}

/** Of the steps of the whole grid, a search may take so much where it has no other budget. */
const SHARE = 1 / 3;

/**
 * What becomes of the steps that successive halving leaves: figures of few validation images are noisy, so that the next best go to their ends, those
 * that came furthest first, as long as there are steps for it.
 *
 * @param most steps of all cells together; default: a third of those of the whole grid
 */
export function spendTheRest(candidates: readonly CostedCandidate[], most?: number): Promotion[] {
  const costs = candidates.map(costOf);
  const known = costs.filter((cost) => cost !== undefined);
  if (known.length === 0) return [];
  const mean = known.reduce((sum, cost) => sum + cost, 0) / known.length;
  const whole = costs.reduce<number>((sum, cost) => sum + (cost ?? mean), 0);
  let left = (most ?? SHARE * whole) - candidates.reduce((sum, { steps }) => sum + steps, 0);
  const stopped = candidates.filter(({ limit, closed }) => limit !== undefined && limit !== Infinity && !closed);
  const places = placesWithin(stopped);
  const order = stopped.sort((a, b) => b.limit! - a.limit! || places.get(a)! - places.get(b)! || better(a, b));
  const promotions: Promotion[] = [];
  for (const candidate of order) {
    const cost = costOf(candidate);
    const needed = cost === undefined ? Infinity : cost - candidate.steps;
    if (needed > left + 1e-6) break;
    left -= needed;
    promotions.push({ id: candidate.id, limit: Infinity });
  }
  return promotions;
}

/** Steps of the whole training of a cell; undefined where none of its epochs is known. */
function costOf({ curve, steps, epochs }: CostedCandidate): number | undefined {
  const done = Math.max(0, ...curve.keys());
  return done === 0 ? undefined : (steps / done) * epochs;
}

/** The place of each among those of its group at the same rung: cells of different data sets take turns, for their accuracies are not compared. */
function placesWithin(candidates: readonly CostedCandidate[]): Map<CostedCandidate, number> {
  const groups = groupBy(candidates, ({ group = '', limit }) => JSON.stringify([group, limit])).values();
  return new Map([...groups].flatMap((own) => own.sort(better).map((candidate, i) => [candidate, i] as const)));
}

/** Below 0 where `a` is better at its last rung. */
function better(a: CostedCandidate, b: CostedCandidate): number {
  const at = ({ curve, limit }: Candidate): number => curve.get(limit!) ?? -1;
  const loss = ({ losses, limit }: Candidate): number => losses?.get(limit!) ?? Infinity;
  return at(b) - at(a) || (loss(a) === loss(b) ? 0 : loss(a) - loss(b));
}
