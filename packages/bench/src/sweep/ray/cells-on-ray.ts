import { BackendError } from '@promptweave/core';
import { tryClaim } from '@promptweave/core/experiment';
import type { CellFolder } from '../cell-folder.js';
import { RayClient } from './ray-client.js';
import { forgetPlace, placeOf, rayPlaceFile, rayPlaceOf, type RayPlace } from './ray-place.js';

/** What is asked of the clusters that cells were submitted to. */
export interface RayQuestion {
  /** Cells that no living process has. */
  readonly cells: readonly CellFolder[];
  /** The cluster whose jobs are brought home now. */
  readonly except?: string;
  /** Headers of every request. */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Seconds for which a cluster that does not answer is asked. Default 3. */
  readonly patience?: number;
  /** Told once of each cluster that has cells. */
  tell(message: string): void;
}

/**
 * The cells that are jobs of Ray clusters, whose scheduler is gone: they wait, run, or have a result that is not home yet. A cluster that does
 * not answer counts as if it had them. Cells whose job failed, was stopped or is not known are nobody's.
 */
export async function cellsOnRay(question: RayQuestion): Promise<ReadonlySet<CellFolder>> {
  const { cells, except, headers = () => ({}), patience = 3, tell } = question;
  const clusters = new Map<string, Map<CellFolder, RayPlace>>();
  for (const cell of cells) {
    const place = rayPlaceOf(cell);
    if (!place || (except !== undefined && place.address === placeOf(except))) continue;
    clusters.set(place.address, (clusters.get(place.address) ?? new Map<CellFolder, RayPlace>()).set(cell, place));
  }
  const away = new Set<CellFolder>();
  for (const [address, jobs] of clusters) {
    const again = `Go on with --engine ray --address ${address}`;
    try {
      const alive = await jobsAlive(new RayClient(address, headers(), patience));
      const there = [...jobs].filter(([, { job }]) => alive.has(job)).map(([cell]) => cell);
      for (const [cell, place] of jobs) if (!alive.has(place.job)) free(cell, place);
      for (const cell of there) away.add(cell);
      if (there.length === 0) continue;
      tell(
        `${count(there)} on Ray at ${address}, running or not brought home yet: left alone. ${again}, or stop the jobs there.`,
      );
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      for (const cell of jobs.keys()) away.add(cell);
      const files = [...jobs.keys()].map(rayPlaceFile).join(', ');
      tell(
        `${count([...jobs.keys()])} on Ray at ${address}, which does not tell of its jobs (${error.message}): left alone. ` +
          `${again} when it does. Where it is gone for good, remove ${files}.`,
      );
    }
  }
  return away;
}

/** The jobs that hold a result or may still give one. */
async function jobsAlive(client: RayClient): Promise<ReadonlySet<string>> {
  const jobs = await client.list('');
  return new Set(
    jobs.flatMap(({ submission_id: id, status }) => (id && !['FAILED', 'STOPPED'].includes(status) ? [id] : [])),
  );
}

/** Lets a cell be run by anybody, unless another process has submitted it anew. */
function free(cell: CellFolder, { job }: RayPlace): void {
  const claim = tryClaim(cell.path);
  if (claim && rayPlaceOf(cell)?.job === job) forgetPlace(cell);
  claim?.release();
}

function count(cells: readonly CellFolder[]): string {
  return cells.length === 1 ? '1 cell is' : `${cells.length} cells are`;
}
