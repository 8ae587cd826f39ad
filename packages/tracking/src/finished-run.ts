import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, posix, resolve } from 'node:path';
import {
  ConfigError,
  digestsOf,
  environmentOf,
  outcomeEvents,
  runFile,
  runFiles,
  trainingFolders,
  type RunEvent,
  type RunResult,
} from '@promptweave/core';
import { parse } from 'yaml';
import { Journal } from './journal.js';
import { JOURNAL } from './read-journal.js';

/** The result of a run, or undefined where it has none: it was imported, or is not finished. */
export async function resultOf(folder: string): Promise<RunResult | undefined> {
  const path = join(folder, runFiles.result);
  return existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as RunResult) : undefined;
}

/**
 * Writes the journal of a run that was not recorded while it went on: what it is, and what it has to show. Does nothing where
 * there is a journal.
 * @throws ConfigError where the folder is none of a run
 */
export async function recordFinishedRun(folder: string, experiment: string): Promise<void> {
  if (existsSync(join(folder, JOURNAL))) return;
  const configuration = await configurationOf(folder);
  const result = await resultOf(folder);
  const environment = result?.provenance ?? (await environmentOf());
  const name = basename(resolve(folder));
  const events: RunEvent[] = [
    ...trainingFolders(folder).map((training): RunEvent => {
      return { type: 'artifact', path: posix.join(training, runFiles.learned) };
    }),
    ...(result ? outcomeEvents({ result }) : []),
    { type: 'end', status: 'finished', ...(result && { digests: digestsOf(result) }) },
  ];
  const journal = Journal.begin(folder, { type: 'start', name, experiment, configuration, environment });
  for (const event of events) journal.append(event);
  journal.close();
}

async function configurationOf(folder: string): Promise<object> {
  const path = runFile(folder, runFiles.configuration);
  try {
    return parse(await readFile(path, 'utf8')) as object;
  } catch (cause) {
    throw new ConfigError(`The folder holds no run: ${cause instanceof Error ? cause.message : String(cause)}`, {
      where: path,
      remedy: 'Name the folder that promptweave train or promptweave import wrote.',
      cause,
    });
  }
}
