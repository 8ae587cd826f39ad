import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MlflowClient } from '@promptweave/mlflow-js-client';
import { z } from 'zod';
import { connect } from './connect.js';
import { JOURNAL, readJournal } from './read-journal.js';

/** The part of a configuration that names a server. */
const named = z.object({ tracker: z.object({ use: z.literal('mlflow'), uri: z.string().optional() }) });

/**
 * A client of the server that a run's folder was recorded for: the given one, or else the one that its configuration names, or else the
 * one of MLflow's environment variables.
 *
 * @throws ConfigError where none is named, TrackingError where the journal is damaged
 */
export async function connectFor(folder: string, uri?: string): Promise<MlflowClient> {
  return connect(uri ?? (await addressOf(folder)));
}

async function addressOf(folder: string): Promise<string | undefined> {
  const path = join(folder, JOURNAL);
  if (!existsSync(path)) return undefined;
  for await (const { entry } of readJournal(path)) {
    return entry.type === 'start' ? named.safeParse(entry.configuration).data?.tracker.uri : undefined;
  }
  return undefined;
}
