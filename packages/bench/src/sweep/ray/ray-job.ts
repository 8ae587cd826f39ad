import { randomBytes } from 'node:crypto';
import type { CellFolder } from '../cell-folder.js';
import { archiveFolders } from './sweep-archive.js';

/** How the ids of all jobs of a sweep begin. */
export function jobPrefix(sweep: string): string {
  return `promptweave-${sweep.replaceAll(/[^\w]/g, '').slice(0, 12)}-`;
}

/** The id of a new job of a cell; with another ending, how the ids of the cell's jobs begin. */
export function jobName(prefix: string, cell: CellFolder, ending = randomBytes(4).toString('hex')): string {
  return `${prefix}${cell.id}-${ending}`;
}

/** What a job runs, in the archive's folder: the native runtime where it can be had, then the cell. */
export function rayEntrypoint(cell: CellFolder): string {
  const program = 'node node_modules/promptweave/bin/promptweave.js';
  const missing = 'There is no node on this machine. Install Node 20.19 or later, or give one with --runtime-env.';
  return [
    `if ! command -v node >/dev/null; then echo "${missing}"; exit 127; fi`,
    `${program} runtime ensure`,
    `exec ${program} sweep --cell ${archiveFolders.cells}/${cell.id} --send-home`,
  ].join('; ');
}
