import { createHash } from 'node:crypto';
import { freshOf, type Candidate } from './promote.js';
import type { Search } from './search-section.js';
import type { Point } from './dimensions.js';
import { nextByTpe, type Observation } from './tpe.js';

/**
 * The cells that a search begins next.
 * @param points what the cells choose, by their ids
 * @param room cells that may still be begun
 */
export function beginningsOf(
  candidates: readonly Candidate[],
  points: ReadonlyMap<string, Point>,
  { sampler, startup, round }: Search,
  rungs: readonly number[],
  room: number,
): string[] {
  const fresh = freshOf(candidates);
  const most = Math.max(0, room);
  if (sampler === 'order') return fresh.slice(0, most);
  const begun = candidates.length - fresh.length;
  // A grid is in the order of its axes: its first cells are alike. The order of the digests is as good as chance.
  if (begun < startup)
    return fresh.toSorted((a, b) => compare(mixed(a), mixed(b))).slice(0, Math.min(most, startup - begun));
  const found = observationsOf(candidates, points, rungs, startup);
  const pool = fresh.map((id) => points.get(id)!);
  return nextByTpe(pool, found, Math.min(most, round)).map((i) => fresh[i]!);
}

/**
 * What is known of the cells, at the last epoch that enough of them have reached: accuracies after different numbers of epochs are not compared
 * (as in BOHB, Falkner et al. 2018).
 */
function observationsOf(
  candidates: readonly Candidate[],
  points: ReadonlyMap<string, Point>,
  rungs: readonly number[],
  enough: number,
): Observation[] {
  const observe = (epochOf: (candidate: Candidate) => number | undefined): Observation[] =>
    candidates.flatMap((candidate) => {
      const value = candidate.curve.get(epochOf(candidate) ?? NaN);
      return value === undefined ? [] : [{ point: points.get(candidate.id)!, value }];
    });
  const known = rungs.toReversed().map((epoch) => observe(() => epoch));
  return (
    known.find((found) => found.length >= enough) ??
    known.at(-1) ??
    observe(({ curve, closed }) => (closed ? Math.max(...curve.keys()) : undefined))
  );
}

function mixed(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
