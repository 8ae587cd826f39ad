import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { runFile, runFiles } from '@promptweave/core';
import { hasCode, type MlflowClient, type ModelVersion } from '@promptweave/mlflow-js-client';
import { LEARNED_TAG } from './register-prompts.js';
import { orTrackingError, TrackingError } from './tracking-error.js';

/** Whether a text names a registered model, e.g. `models:/flowers@best` or `models:/flowers/3`. */
export function isModelUri(text: string): boolean {
  return text.startsWith('models:/');
}

/**
 * Downloads a registered version into a new folder, which is then that of a run: what predicts and evaluates takes it.
 *
 * @param uri `models:/name@alias` or `models:/name/version`
 * @throws TrackingError where there is no such version, it holds no prompts of ours, they arrived damaged, or
 *   the server does not work
 */
export async function loadRegistered(uri: string, folder: string, client: MlflowClient): Promise<ModelVersion> {
  if (existsSync(folder)) {
    throw new TrackingError('There is something at this place already.', {
      where: folder,
      remedy: 'Name a folder that does not exist.',
    });
  }
  return await orTrackingError(download(uri, folder, client));
}

async function download(uri: string, folder: string, client: MlflowClient): Promise<ModelVersion> {
  const version = await findVersion(uri, client);
  const place = await client.models.downloadUri(version.name, version.version);
  const temporary = `${folder}.${randomUUID()}.tmp`;
  try {
    await client.artifacts.downloadAll(place, temporary);
    await checkPrompts(temporary, version, uri);
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return version;
}

async function findVersion(uri: string, client: MlflowClient): Promise<ModelVersion> {
  const [, name, alias, version] = /^models:\/([^/@]+)(?:@([^/@]+)|\/(\d+))$/.exec(uri) ?? [];
  if (name === undefined) {
    throw new TrackingError('This names no version of a registered model.', {
      where: uri,
      remedy: 'Write models:/NAME@ALIAS or models:/NAME/VERSION.',
    });
  }
  try {
    if (alias !== undefined) return await client.models.getByAlias(name, alias);
    return await client.models.getVersion(name, version!);
  } catch (cause) {
    if (!hasCode(cause, 'RESOURCE_DOES_NOT_EXIST', 'INVALID_PARAMETER_VALUE', 'NOT_FOUND')) throw cause;
    throw new TrackingError(`There is no such model on ${client.trackingUri}.`, {
      where: uri,
      remedy: 'Look at the names and aliases of the registered models there.',
      cause,
    });
  }
}

async function checkPrompts(folder: string, { tags }: ModelVersion, uri: string): Promise<void> {
  const file = runFile(folder, runFiles.learned);
  const expected = tags[LEARNED_TAG];
  if (expected === undefined || !existsSync(file)) {
    throw new TrackingError('This model holds no prompts that promptweave registered.', {
      where: uri,
      remedy: 'Register prompts with: promptweave register RUN --name NAME.',
    });
  }
  const found = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  if (found !== expected) {
    throw new TrackingError(`The prompts have the SHA-256 ${found}, not ${expected} as registered.`, {
      where: uri,
      remedy: "Look at the run's artifacts: the file was changed after it was registered.",
    });
  }
}
