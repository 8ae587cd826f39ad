import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CheckpointError } from '@promptweave/core';
import type { HubApiError } from '@huggingface/hub';
import { chooseFiles, type ChosenFiles } from './chosen-files.js';
import { hubDownload } from './hub-download.js';
import { shardsOf } from './weights-file.js';

/** Where and how to reach the Hugging Face hub. */
export interface HubOptions {
  /** Address of the hub. Default: the environment's `HF_ENDPOINT`, or the public hub. */
  readonly hubUrl?: string;
  /** Folder of the cache. Default: the usual one (`HF_HUB_CACHE`, `HF_HOME`). */
  readonly cacheDir?: string;
  /** For private models. Default: the environment's `HF_TOKEN`. */
  readonly accessToken?: string;
}

/** `owner/name`, or `owner/name@revision`. */
const HUB_ID = /^(?<name>[\w-][\w.-]*\/[\w-][\w.-]*)(?:@(?<revision>[\w./-]+))?$/;

/** Whether a source has the form of a hub id. */
export function isHubId(source: string): boolean {
  return HUB_ID.test(source) && !source.includes('..');
}

/**
 * Gets the files of a CLIP from the hub into its usual cache, or finds them there when the hub cannot be reached.
 *
 * @returns the folder of the snapshot, and which of its files make up the checkpoint
 * @throws CheckpointError when the model does not exist, is private, or is neither reachable nor cached
 */
export async function fetchFromHub(
  id: string,
  options: HubOptions = {},
): Promise<{ folder: string; files: ChosenFiles }> {
  const { getHFHubCachePath, HubApiError, modelInfo } = await import('@huggingface/hub');
  const { name, revision = 'main' } = HUB_ID.exec(id)!.groups as { name: string; revision?: string };
  const cacheDir = options.cacheDir ?? getHFHubCachePath();
  const repository = join(cacheDir, `models--${name.replace('/', '--')}`);
  const request = {
    hubUrl: options.hubUrl ?? process.env['HF_ENDPOINT'],
    accessToken: options.accessToken ?? process.env['HF_TOKEN'],
    cacheDir,
  };
  try {
    if (process.env['HF_HUB_OFFLINE'] === '1') throw new Error('HF_HUB_OFFLINE is 1');
    const { sha, filePaths } = await modelInfo({ ...request, name, revision, additionalFields: ['sha', 'filePaths'] });
    const files = chooseFiles(filePaths, id);
    const download = (path: string): Promise<string> => hubDownload({ ...request, repo: name, path, revision: sha });
    for (const path of namesOf(files)) await download(path);
    const folder = join(repository, 'snapshots', sha);
    for (const shard of shardsOf(join(folder, files.weights))) await download(shard);
    const reference = join(repository, 'refs', revision);
    await mkdir(dirname(reference), { recursive: true });
    await writeFile(reference, sha);
    return { folder, files };
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    if (cause instanceof HubApiError && cause.statusCode < 500) throw refused(id, cause);
    return (await cached(repository, revision, id)) ?? unreachable(id, cacheDir, cause);
  }
}

function namesOf({ weights, config, openClipConfig, preprocessorConfig, tokenizerFiles = {} }: ChosenFiles): string[] {
  const names = [config, openClipConfig, preprocessorConfig, ...Object.values(tokenizerFiles), weights];
  return names.filter((name) => typeof name === 'string');
}

/** The snapshot that an earlier call, or Python's library, left in the cache. */
async function cached(
  repository: string,
  revision: string,
  id: string,
): Promise<{ folder: string; files: ChosenFiles } | undefined> {
  let folder: string;
  let names: string[];
  try {
    const reference = await readFile(join(repository, 'refs', revision), 'utf8').catch(() => revision);
    folder = join(repository, 'snapshots', reference.trim());
    names = await readdir(folder);
  } catch {
    return undefined;
  }
  return { folder, files: chooseFiles(names, `${id} in the cache (${folder})`) };
}

function refused(id: string, cause: HubApiError): CheckpointError {
  const isPrivate = cause.statusCode === 401 || cause.statusCode === 403;
  return new CheckpointError(`The hub does not give this model: ${cause.message}`, {
    where: id,
    remedy: isPrivate
      ? 'Check the name; for a private or gated model accept its terms and set HF_TOKEN.'
      : 'Check the name and the revision, for example openai/clip-vit-base-patch16.',
    cause,
  });
}

function unreachable(id: string, cacheDir: string, cause: unknown): never {
  const inner = cause instanceof Error && cause.cause instanceof Error ? ` (${cause.cause.message})` : '';
  const reason = cause instanceof Error ? `${cause.message}${inner}` : String(cause);
  throw new CheckpointError(`The hub cannot be reached, and the cache has no copy: ${reason}.`, {
    where: id,
    remedy:
      `Connect and try again, or download the model elsewhere and give its folder, or copy it into the cache ${cacheDir}. ` +
      'The embedded checkpoint "icons" needs no download.',
    cause,
  });
}
