import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readOwnJson } from '@promptweave/core/experiment';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { cellFiles, type CellFolder } from '../cell-folder.js';

const place = z.object({
  /** Of the dashboard, see `placeOf`. */
  address: z.string(),
  /** Submission id of the job. */
  job: z.string(),
});

/** The Ray job that a cell is, or may be. */
export type RayPlace = z.output<typeof place>;

/** Where a cluster's dashboard is, in one spelling: protocol, host, port and the path below which it lies, if any; no slash at the end. */
export function placeOf(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`.replace(/\/+$/, '');
}

/** The file in a cell's folder that says so. */
export function rayPlaceFile(cell: CellFolder): string {
  return join(cell.path, cellFiles.ray);
}

/**
 * Notes that a cell is a job, before it is submitted: the job may go on while the process that submitted it is gone. Only who has claimed
 * the cell writes or removes this, so whoever claims it and finds nothing has it alone.
 */
export function notePlace(cell: CellFolder, { address, job }: RayPlace): void {
  writeFileAtomic.sync(rayPlaceFile(cell), `${JSON.stringify({ address: placeOf(address), job })}\n`);
}

export function rayPlaceOf(cell: CellFolder): RayPlace | undefined {
  const file = rayPlaceFile(cell);
  return readOwnJson(file, place);
}

/** The job has ended, and what it left is home. */
export function forgetPlace(cell: CellFolder): void {
  rmSync(rayPlaceFile(cell), { force: true });
}
