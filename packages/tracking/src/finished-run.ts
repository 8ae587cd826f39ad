import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, posix, relative, resolve, sep } from 'node:path';
import { ConfigError, PromptweaveError, type RunEvent } from '@promptweave/core';
import {
  digestsOf,
  environmentOf,
  outcomeEvents,
  readResult,
  runFile,
  runFiles,
  trainingFolders,
  type RunResult,
} from '@promptweave/core/experiment';
import { parse } from 'yaml';
import { z } from 'zod';
import { Journal } from './journal.js';
import { JOURNAL } from './read-journal.js';
import { TrackingError } from './tracking-error.js';
import { fileWithin, requireNoLinks } from './within-folder.js';

/**
 * The result of a run, or undefined where it has none: it was imported, or is not finished.
 * @throws DamagedFileError where the file is not as it was written; TrackingError where it is a link that leads out of the folder
 */
export async function resultOf(folder: string): Promise<RunResult | undefined> {
  return (await fileWithin(folder, runFiles.result)) && readResult(folder);
}

/**
 * Writes the journal of a run that was not recorded while it went on: what it is, and what it has to show. Does nothing where
 * there is a journal.
 * @throws ConfigError where the folder is none of a run
 */
export async function recordFinishedRun(folder: string, experiment: string): Promise<void> {
  await requireNoLinks(folder, [JOURNAL]);
  if (existsSync(join(folder, JOURNAL))) return;
  const configuration = await configurationOf(folder);
  const result = await resultOf(folder);
  // Imported prompts were computed nowhere.
  const environment = result?.provenance ?? (await environmentOf({ backend: 'none' }));
  const name = basename(resolve(folder));
  try {
    const events: RunEvent[] = [
      { type: 'start', name, experiment, configuration, environment },
      ...trainingFolders(folder).map((training): RunEvent => {
        return { type: 'artifact', path: posix.join(training, runFiles.learned) };
      }),
      ...(result ? outcomeEvents({ result }) : []),
      { type: 'end', status: 'finished', ...(result && { digests: digestsOf(result) }) },
    ];
    Journal.write(folder, events);
  } catch (cause) {
    if (cause instanceof PromptweaveError || (cause as NodeJS.ErrnoException).code !== undefined) throw cause;
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new TrackingError(`What the folder says of its run cannot be read: ${reason}`, {
      where: folder,
      remedy: `Take another copy of the folder; look at ${runFiles.configuration} and ${runFiles.result}.`,
      cause,
    });
  }
}

async function configurationOf(folder: string): Promise<object> {
  const path = runFile(folder, runFiles.configuration);
  try {
    const found = await fileWithin(folder, relative(folder, path).split(sep).join('/'));
    return parse(await readFile(found?.file ?? path, 'utf8')) as object;
  } catch (cause) {
    if (cause instanceof TrackingError) throw cause;
    throw new ConfigError(`The folder holds no run: ${cause instanceof Error ? cause.message : String(cause)}`, {
      where: path,
      remedy: 'Name the folder that promptweave train or promptweave import wrote.',
      cause,
    });
  }
}
