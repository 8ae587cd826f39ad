import { groupBy } from '../../report/analysis/group-by.js';

/** A cell as a search sees it. */
export interface Candidate {
  readonly id: string;
  /** Cells of the same group are compared: those of one data set, protocol and number of shots. */
  readonly group?: string;
  /** Accuracy on the validation images after epochs that were evaluated, by their number. */
  readonly curve: ReadonlyMap<number, number>;
  /** Loss on the same images: of cells that are equally often right, the one with less is better. */
  readonly losses?: ReadonlyMap<number, number>;
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
 * What successive halving does next: of the cells that have reached a rung, one of `reduction`, and at least one of each
 * group, goes on to the next; those that were to begin go to the first one. The decision follows from the curves alone, so that a search that was killed goes on as if it had not been.
 *
 * @param rungs epochs, ascending
 * @param begin the cells that are to begin; default: all that were not begun
 */
export function nextPromotions(
  candidates: readonly Candidate[],
  rungs: readonly number[],
  reduction: number,
  begin: readonly string[] = freshOf(candidates),
): Promotion[] {
  const promotions: Promotion[] = [];
  for (let rung = rungs.length - 1; rung >= 0; rung--) {
    const epoch = rungs[rung]!;
    const reached = candidates.filter(({ curve }) => curve.has(epoch));
    const best = [...groupBy(reached, ({ group = '' }) => group).values()].flatMap((own) => {
      const quota = Math.max(1, Math.floor(own.length / reduction));
      return own.sort((a, b) => compareAt(epoch, a, b)).slice(0, quota);
    });
    const limit = rungs[rung + 1] ?? Infinity;
    for (const { id, limit: now, closed } of best) {
      if (!closed && now !== undefined && now < limit) promotions.push({ id, limit });
    }
  }
  const first = rungs[0] ?? Infinity;
  return [...promotions, ...begin.map((id) => ({ id, limit: first }))];
}

/** The cells that were never begun. */
export function freshOf(candidates: readonly Candidate[]): string[] {
  return candidates.flatMap(({ id, limit, closed }) => (limit === undefined && !closed ? [id] : []));
}

/** Below 0 where `a` is better after so many epochs. */
function compareAt(epoch: number, a: Candidate, b: Candidate): number {
  const loss = ({ losses }: Candidate): number => losses?.get(epoch) ?? Infinity;
  const accuracy = b.curve.get(epoch)! - a.curve.get(epoch)!;
  return accuracy !== 0 || loss(a) === loss(b) ? accuracy : loss(a) - loss(b);
}
