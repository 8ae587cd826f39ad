/** A cell as a search sees it. */
export interface Candidate {
  readonly id: string;
  /** Accuracy on the validation images after epochs that were evaluated, by their number. */
  readonly curve: ReadonlyMap<number, number>;
  /** Epochs after which it stops; undefined where it was never begun. `Infinity` where it goes to its end. */
  readonly limit?: number;
  /** Finished, or given up: nothing more comes of it. */
  readonly closed: boolean;
}

/** A cell that goes on, and to which epoch. */
export interface Promotion {
  readonly id: string;
  readonly limit: number;
}

/**
 * What successive halving does next: of the cells that have reached a rung, one of `reduction`, and at least one, goes on to the next; those that were
 * never begun go to the first one. The decision follows from the curves alone, so that a search that was killed goes on as if it had not been.
 *
 * @param rungs epochs, ascending
 * @param room cells that may still be begun
 */
export function nextPromotions(
  candidates: readonly Candidate[],
  rungs: readonly number[],
  reduction: number,
  room = Infinity,
): Promotion[] {
  const promotions: Promotion[] = [];
  for (let rung = rungs.length - 1; rung >= 0; rung--) {
    const epoch = rungs[rung]!;
    const reached = candidates.filter(({ curve }) => curve.has(epoch));
    const quota = Math.max(1, Math.floor(reached.length / reduction));
    const best = [...reached].sort((a, b) => b.curve.get(epoch)! - a.curve.get(epoch)!).slice(0, quota);
    const limit = rungs[rung + 1] ?? Infinity;
    for (const { id, limit: now, closed } of best) {
      if (!closed && now !== undefined && now < limit) promotions.push({ id, limit });
    }
  }
  const fresh = candidates.filter(({ limit, closed }) => limit === undefined && !closed).slice(0, Math.max(0, room));
  const first = rungs[0] ?? Infinity;
  return [...promotions, ...fresh.map(({ id }) => ({ id, limit: first }))];
}
