import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '@promptweave/core';
import type { MlflowClient } from '@promptweave/mlflow-js-client';
import { z } from 'zod';
import { addressProblem, isSameAddress, normal } from './address.js';
import { connect } from './connect.js';
import { isKnownServer } from './known-servers.js';
import { JOURNAL, readJournal } from './read-journal.js';
import { requireNoLinks } from './within-folder.js';

/** The part of a configuration that names a server. */
const named = z.object({ tracker: z.object({ use: z.literal('mlflow'), uri: z.string().optional() }) });

/**
 * A client of the server that a run's folder was recorded for: the given one, or else the one that its configuration names, or else the
 * one of MLflow's environment variables. A folder may come from anywhere: what it names is asked only where the environment, or an earlier
 * command of this user, named it, too.
 *
 * @throws ConfigError where none is named, or one that this user never named; TrackingError where the journal is damaged
 */
export async function connectFor(folder: string, uri?: string): Promise<MlflowClient> {
  if (uri !== undefined) return connect(uri);
  const address = await addressOf(folder);
  if (address === undefined || isSameAddress(address, process.env['MLFLOW_TRACKING_URI'])) return connect();
  const where = join(folder, JOURNAL);
  const problem = addressProblem(address);
  if (problem) throw new ConfigError(`The address of the server in this journal ${problem}.`, { where });
  if (isKnownServer(address)) return connect(address, { where, credentialsOfEnvironment: true });
  throw new ConfigError(
    `This journal names the server ${normal(address)}, which no command of yours has named before.`,
    {
      where,
      remedy: `If it is yours, say so: --uri ${normal(address)}. If not, name your own.`,
    },
  );
}

async function addressOf(folder: string): Promise<string | undefined> {
  const path = join(folder, JOURNAL);
  if (!existsSync(path)) return undefined;
  await requireNoLinks(folder, [JOURNAL]);
  for await (const { entry } of readJournal(path)) {
    return entry.type === 'start' ? named.safeParse(entry.configuration).data?.tracker.uri : undefined;
  }
  return undefined;
}
