import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTransient, type MlflowClient } from '@promptweave/mlflow-js-client';
import { deliver, type Delivered } from './delivery.js';
import { STATE } from './delivery-state.js';
import { JOURNAL } from './read-journal.js';
import { TrackingError } from './tracking-error.js';
import { requireNoLinks } from './within-folder.js';

/** How persistently to deliver. */
export interface SyncOptions {
  readonly signal?: AbortSignal;
  /** Further attempts after errors of network or server. Default 4. */
  readonly retries?: number;
  /** Seconds before the first of them; each waits twice as long as the one before. Default 1. */
  readonly retrySeconds?: number;
}

/**
 * Delivers what is left of the journal in a run's folder, on any machine, without sending anything twice.
 * @throws TrackingError where the folder has no journal, or it is damaged; MlflowError where the server does not take it
 */
export async function syncJournal(
  folder: string,
  client: MlflowClient,
  { signal, retries = 4, retrySeconds = 1 }: SyncOptions = {},
): Promise<Delivered> {
  if (!existsSync(join(folder, JOURNAL))) {
    throw new TrackingError(`The folder has no ${JOURNAL}: nothing was recorded for MLflow there.`, {
      where: folder,
      remedy: 'Train with MLFLOW_TRACKING_URI set.',
    });
  }
  await requireNoLinks(folder, [JOURNAL, STATE]);
  for (let attempt = 0; ; attempt++) {
    try {
      const delivered = await deliver(folder, client, signal);
      if (attempt >= retries || !delivered.transient) return delivered;
    } catch (error) {
      if (attempt >= retries || !isTransient(error)) throw error;
    }
    await sleep(retrySeconds * 1000 * 2 ** attempt * (0.5 + Math.random() / 2), undefined, { signal });
  }
}

/**
 * The folders with a journal in and below a folder, in the order of their names.
 * @throws TrackingError where there is no such folder
 */
export async function foldersWithJournals(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch((cause: Error) => {
    throw new TrackingError(`The folder cannot be read: ${cause.message}`, {
      where: folder,
      remedy: 'Name the folder of a run or a sweep.',
      cause,
    });
  });
  const found = entries.filter((entry) => entry.isFile() && entry.name === JOURNAL).map(({ parentPath }) => parentPath);
  return found.sort();
}
