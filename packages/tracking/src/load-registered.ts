import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { runFiles, stageFolders } from '@promptweave/core/experiment';
import { hasCode, type MlflowClient, type ModelVersion } from '@promptweave/mlflow-js-client';
import { FILES_TAG, LEARNED_TAG, longestFile, modelPaths, readFilesTag, sha256OfFile } from './model-files.js';
import { parseModelUri } from './model-uri.js';
import { orTrackingError, TrackingError } from './tracking-error.js';

/** How a model is loaded. */
export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Told what a person should know of the model. */
  readonly onNote?: (note: string) => void;
}

/**
 * Downloads a registered version into a new folder, which is then that of a run: what predicts and evaluates takes it. Only the files that a
 * model consists of are asked for, and each is compared with the SHA-256 that was noted when it was registered.
 *
 * @param uri `models:/name@alias` or `models:/name/version`
 * @throws TrackingError where there is no such version, it holds no prompts of ours, they arrived damaged, or
 *   the server does not work
 */
export async function loadRegistered(
  uri: string,
  folder: string,
  client: MlflowClient,
  options: LoadOptions = {},
): Promise<ModelVersion> {
  if (existsSync(folder)) {
    throw new TrackingError('There is something at this place already.', {
      where: folder,
      remedy: 'Name a folder that does not exist.',
    });
  }
  return await orTrackingError(download(uri, folder, client, options));
}

async function download(
  uri: string,
  folder: string,
  client: MlflowClient,
  options: LoadOptions,
): Promise<ModelVersion> {
  const { signal, onNote } = options;
  const version = await findVersion(uri, client, signal);
  const place = await client.models.downloadUri(version.name, version.version, { signal });
  const noted = version.tags[FILES_TAG];
  const digests = noted === undefined ? await digestsOfOld(version, uri, client, place) : readFilesTag(noted);
  if (!digests) throw notOurs(uri);
  if (noted === undefined) {
    onNote?.(
      `${uri} was registered by an older promptweave, which noted the SHA-256 of its prompts alone: whether its other files were changed since cannot be told. Register it again to have that.`,
    );
  }
  const temporary = `${folder}.${randomUUID()}.tmp`;
  try {
    for (const [path, digest] of Object.entries(digests)) {
      const file = join(temporary, ...path.split('/'));
      await client.artifacts.downloadFile(place, path, file, { longest: longestFile(path), signal });
      const found = await sha256OfFile(file);
      if (digest === undefined || digest === found) continue;
      throw new TrackingError(`${path} has the SHA-256 ${found}, not ${digest} as registered.`, {
        where: uri,
        remedy: "Look at the run's artifacts: the file was changed after it was registered.",
      });
    }
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return version;
}

async function findVersion(uri: string, client: MlflowClient, signal?: AbortSignal): Promise<ModelVersion> {
  const named = parseModelUri(uri);
  try {
    if ('alias' in named) return await client.models.getByAlias(named.name, named.alias, { signal });
    return await client.models.getVersion(named.name, named.version, { signal });
  } catch (cause) {
    if (!hasCode(cause, 'RESOURCE_DOES_NOT_EXIST', 'INVALID_PARAMETER_VALUE', 'NOT_FOUND')) throw cause;
    throw new TrackingError(`There is no such model on ${client.trackingUri}.`, {
      where: uri,
      remedy: 'Look at the names and aliases of the registered models there.',
      cause,
    });
  }
}

/** The files of a version that was registered when the SHA-256 of the last training's prompts alone was noted. */
async function digestsOfOld(
  { tags }: ModelVersion,
  uri: string,
  client: MlflowClient,
  place: string,
): Promise<Readonly<Record<string, string | undefined>>> {
  const learned = tags[LEARNED_TAG];
  if (learned === undefined) throw notOurs(uri);
  const root = await client.artifacts.list(place);
  const stages = [stageFolders.first, stageFolders.second].filter((stage) =>
    root.some(({ path, isFolder }) => isFolder && path === stage),
  );
  const listed = await Promise.all(stages.map((stage) => client.artifacts.list(place, stage)));
  const there = new Set([root, ...listed].flat().flatMap(({ path, isFolder }) => (isFolder ? [] : [path])));
  const checked = ['', ...stages]
    .map((training) => posix.join(training, runFiles.learned))
    .findLast((path) => there.has(path));
  if (checked === undefined) throw notOurs(uri);
  const paths = modelPaths.filter((path) => there.has(path));
  return Object.fromEntries(paths.map((path) => [path, path === checked ? learned : undefined]));
}

function notOurs(uri: string): TrackingError {
  return new TrackingError('This model holds no prompts that promptweave registered.', {
    where: uri,
    remedy: 'Register prompts with: promptweave register RUN --name NAME.',
  });
}
