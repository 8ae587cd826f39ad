import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The folders of a run's trainings within the run's own, in their order: `1-…` and `2-…` of several, else `.` alone. */
export function trainingFolders(folder: string): readonly string[] {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  const found = isFolder ? readdirSync(folder).filter((name) => /^\d-/.test(name)) : [];
  return found.length > 0 ? found.sort() : ['.'];
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
