import { dirname } from 'node:path';
import { hubDownload } from '@promptweave/backbone-clip';
import { CheckpointError } from '@promptweave/core';
import { runFiles } from '@promptweave/core/experiment';
import { hubAccess, hubError, parseHubName } from './hub-access.js';

/** What begins the name of a published run. */
const SCHEME = 'hf:';

/** Whether a run is named as it was published: `hf:user/name`. */
export function isHubRun(run: string): boolean {
  return run.startsWith(SCHEME);
}

/**
 * Gets the files of a published run into the hub's usual cache.
 * @param run `hf:user/name`, or with `@revision`
 * @returns the folder of the run
 * @throws CheckpointError where there is no such run, or the hub cannot be reached
 */
export async function fetchRun(run: string): Promise<string> {
  const { name, revision } = parseHubName(run.slice(SCHEME.length), '--run');
  const { modelInfo } = await import('@huggingface/hub');
  const access = hubAccess();
  const { sha } = await modelInfo({ name, revision, ...access, additionalFields: ['sha'] }).catch(
    async (error: unknown) => {
      throw await hubError(error, name, 'it be read');
    },
  );
  const files: string[] = [];
  for (const path of [runFiles.configuration, runFiles.learned]) {
    try {
      files.push(await hubDownload({ repo: { type: 'model', name }, path, revision: sha, ...access }));
    } catch (error) {
      const known = await hubError(error, name, `${path} be read`);
      if (known instanceof CheckpointError) throw known;
      throw new CheckpointError(`The repository has no ${path}: it holds no published run.`, {
        where: `${SCHEME}${name}`,
        remedy: 'Name one that promptweave publish wrote.',
        cause: error,
      });
    }
  }
  return dirname(files[0]!);
}
