import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Folders of a run's trainings, within the run's, where it has two. */
export const stageFolders = { first: '1-base', second: '2-novel' } as const;

/** The folders of a run's trainings within the run's own, in their order; `.` where it has one. */
export function trainingFolders(folder: string): readonly string[] {
  const found = Object.values(stageFolders).filter((stage) => existsSync(join(folder, stage)));
  return found.length > 0 ? found : ['.'];
}

/**
 * Where a file of a run is: in the run's folder or, where that lacks it, in the folder of the last training.
 *
 * @param file name, one of `runFiles`
 * @returns its path, also where there is no such file
 */
export function runFile(folder: string, file: string): string {
  const own = join(folder, file);
  return existsSync(own) ? own : join(folder, trainingFolders(folder).at(-1)!, file);
}
