import type { CellFolder, CellState } from '../cell-folder.js';
import { runSweep, type SweepRequest } from '../run-sweep.js';
import { searchedAlike } from '../tested-alike.js';
import { beginningsOf } from './beginnings.js';
import { nextPromotions, type Candidate } from './promote.js';
import { rungsOf, type Search } from './search-section.js';
import { spendTheRest } from './spend-rest.js';
import type { Point } from './dimensions.js';
import { validationCurve } from './validation-curve.js';

/** A search over the cells of a grid. */
export interface SearchRequest extends SweepRequest {
  readonly search: Search;
  /** Epochs of the whole training of the cells, by their ids. */
  readonly epochs: ReadonlyMap<string, number>;
  /** Epochs of their warm-up, at most. Default 0. */
  readonly warmup?: number;
}

/**
 * Runs cells to the first rung, the best of them to the next, and so on; a promoted cell goes on from its checkpoint, and ends with the bits that it
 * would have without the search. What was decided is read from the cells' folders, so that any process goes on where one was killed.
 * @returns the states of the cells in their order
 */
export async function runSearch({ search, epochs, warmup, ...request }: SearchRequest): Promise<CellState[]> {
  const { cells, patience, signal, onEvent } = request;
  const begun = performance.now();
  const { budget, reduction } = search;
  const most = Math.max(...epochs.values());
  const rungs = rungsOf(search, most, warmup);
  const points = new Map(cells.map((cell) => [cell.id, pointOf(cell.describe())]));
  for (;;) {
    const curves = cells.map((cell) => validationCurve(cell.path));
    const candidates = cells.map((cell, i) => candidateOf(cell, cell.state(patience), curves[i]!));
    const open = cells.filter((cell, i) => candidates[i]!.limit !== undefined && isUnderWay(cell, patience));
    const steps = curves.reduce((sum, curve) => sum + curve.steps, 0);
    const spent = [
      budget.steps !== undefined && steps >= budget.steps && `${steps} of ${budget.steps} steps`,
      budget.hours !== undefined && performance.now() - begun >= budget.hours * 3_600_000 && `${budget.hours} hours`,
    ].find((text) => text !== false);
    const known = candidates.filter(({ limit, closed }) => limit !== undefined || closed).length;
    const room = (budget.cells ?? Infinity) - known;
    // What a killed search has under way comes first: decisions wait for its curves, as they would have.
    const promotions =
      open.length > 0 || spent
        ? []
        : nextPromotions(candidates, rungs, reduction, beginningsOf(candidates, points, search, rungs, room));
    if (promotions.length === 0 && open.length === 0 && !spent && spendsTheRest(search)) {
      const costed = candidates.map((candidate, i) => {
        return { ...candidate, steps: curves[i]!.steps, epochs: epochs.get(candidate.id) ?? most };
      });
      promotions.push(...spendTheRest(costed, budget.steps));
    }
    if (spent && open.length === 0) {
      onEvent?.({ type: 'note', message: `The budget of the search is spent: ${spent}.` });
    }
    for (const { id, limit } of promotions) cells.find((cell) => cell.id === id)!.stopAfter(limit);
    const chosen = open.length > 0 ? open : cells.filter((cell) => promotions.some(({ id }) => id === cell.id));
    if (chosen.length === 0 || signal?.aborted) return cells.map((cell) => cell.state(patience));
    if (promotions.length > 0) onEvent?.({ type: 'note', message: textOf(promotions.map(({ limit }) => limit)) });
    const states = await runSweep({ ...request, cells: chosen });
    const stuck = states.every(({ status }) => status === 'waiting' || status === 'interrupted');
    if (stuck) return cells.map((cell) => cell.state(patience)); // left alone by the engine
  }
}

/** Whether a search has steps left for the next best: a third of the grid's, or those that it was given. */
function spendsTheRest({ method, sampler, budget: { cells, steps, hours } }: Search): boolean {
  if (method === 'whole') return false;
  return steps !== undefined || (sampler === 'order' && cells === undefined && hours === undefined);
}

function isUnderWay(cell: CellFolder, patience: SweepRequest['patience']): boolean {
  return ['waiting', 'interrupted', 'running'].includes(cell.state(patience).status);
}

/** What a cell chooses; its seed is no choice. */
function pointOf({ name, values: { seed: _seed, ...values } }: ReturnType<CellFolder['describe']>): Point {
  return { ...values, ...(name !== undefined && { name }) };
}

function candidateOf(
  cell: CellFolder,
  { status }: CellState,
  { points: curve, losses }: ReturnType<typeof validationCurve>,
): Candidate {
  const limit = cell.stopsAfter();
  const closed = status === 'finished' || status === 'failed';
  const group = searchedAlike(cell.describe().values);
  return { id: cell.id, group, curve, losses, closed, ...(limit !== undefined && { limit }) };
}

function textOf(limits: readonly number[]): string {
  const counts = new Map<number, number>();
  for (const limit of limits) counts.set(limit, (counts.get(limit) ?? 0) + 1);
  const parts = [...counts].map(([limit, count]) => {
    const cells = count === 1 ? '1 cell' : `${count} cells`;
    return `${cells} to ${limit === Infinity ? 'the end' : limit === 1 ? 'epoch 1' : `epoch ${limit}`}`;
  });
  return `Search: ${parts.join(', ')}.`;
}
