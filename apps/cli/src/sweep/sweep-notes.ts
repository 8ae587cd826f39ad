import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Study } from '@promptweave/bench';
import { runFiles, type RunResult } from '@promptweave/core/experiment';

/** What is to be known about the data of a sweep, from its finished cells: see `Dataset.notes`. */
export function sweepNotes({ cells }: Study): string[] {
  const all = cells.flatMap(({ folder, state }) => {
    if (state.status !== 'finished') return [];
    try {
      return (JSON.parse(readFileSync(join(folder.path, runFiles.result), 'utf8')) as RunResult).notes ?? [];
    } catch {
      return []; // the cell's result is read, and complained of, elsewhere
    }
  });
  return [...new Set(all)];
}
