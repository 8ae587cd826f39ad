import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '@promptweave/core';
import { readOwnText } from '@promptweave/core/experiment';

/** A sweep as trackers know it: the run that the runs of its cells lie under. */
export interface SweepIdentity {
  readonly id: string;
  readonly name: string;
}

/** The command that runs of a sweep belong to, as trackers name it. */
export function sourceOf({ name }: SweepIdentity): string {
  return `promptweave sweep ${name}`;
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
  const id = readOwnText(path)?.trim() ?? '';
  if (/^[\w-]+$/.test(id)) return id;
  throw new ConfigError('The identity of the sweep is damaged.', {
    where: path,
    remedy: 'Remove the file: the sweep gets a new identity, and is another one for trackers such as MLflow.',
  });
}
