import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A sweep as trackers know it: the run that the runs of its cells lie under. */
export interface SweepIdentity {
  readonly id: string;
  readonly name: string;
}

/** Name of the file in a sweep's folder. */
const FILE = 'sweep.id';

/** The identity of a sweep's folder, made once; all sweeps on the folder share it. */
export function sweepId(folder: string): string {
  const path = join(folder, FILE);
  if (!existsSync(path)) {
    const own = `${path}.${randomUUID()}.tmp`;
    writeFileSync(own, `${randomUUID()}\n`);
    try {
      linkSync(own, path); // whole or not at all, and only the first one
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(own);
    }
  }
  return readFileSync(path, 'utf8').trim();
}
