import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CheckpointError, ConfigError } from '@promptweave/core';
import { describeLearned, readResult, runFiles } from '@promptweave/core/experiment';
import { hubAccess, hubError, parseHubName } from './hub-access.js';
import { modelCard } from './model-card.js';

/** How a run is published. */
export interface PublishRequest {
  /** `user/name` */
  readonly to: string;
  /** Of the prompts, as the hub names licences. */
  readonly license: string;
  readonly private?: boolean;
  readonly signal?: AbortSignal;
}

/** What was uploaded. */
export interface Published {
  readonly url: string;
  readonly files: readonly string[];
}

/**
 * Uploads the learned parts of a run, its configuration and a model card; the repository is made where it is not there.
 * @throws CheckpointError where the folder has no learned parts, or the hub refuses; ConfigError where a configuration holds a password
 */
export async function publishRun(folder: string, request: PublishRequest): Promise<Published> {
  const { name } = parseHubName(request.to, '--to');
  const access = hubAccess();
  if (!access.accessToken) {
    throw new ConfigError('Nobody is logged in on the Hugging Face hub.', {
      where: 'HF_TOKEN',
      remedy: 'Log in (hf auth login), or set HF_TOKEN to a token that may write.',
    });
  }
  const learned = join(folder, runFiles.learned);
  const description = await describeLearned(learned);
  const configuration = readRunFile(join(folder, runFiles.configuration));
  requireNoPassword(configuration + JSON.stringify(description.configuration), folder);
  const card = modelCard({ name, license: request.license, description, result: readResult(folder) });
  const contents: Readonly<Record<string, Buffer>> = {
    [runFiles.learned]: readFileSync(learned),
    [runFiles.configuration]: Buffer.from(configuration),
    'README.md': Buffer.from(card),
  };
  const { createRepo, HubApiError, uploadFiles } = await import('@huggingface/hub');
  const repo = { type: 'model', name } as const;
  const credentials = { accessToken: access.accessToken, ...(access.hubUrl && { hubUrl: access.hubUrl }) };
  try {
    await createRepo({ repo, ...credentials, private: request.private ?? false }).catch((error: unknown) => {
      if (!(error instanceof HubApiError && error.statusCode === 409)) throw error; // it is there already
    });
    await uploadFiles({
      ...{ repo, ...credentials, abortSignal: request.signal },
      commitTitle: 'Prompts learned with promptweave',
      files: Object.entries(contents).map(([path, content]) => ({
        path,
        content: new Blob([new Uint8Array(content)]),
      })),
    });
  } catch (error) {
    throw await hubError(error, name, 'this be uploaded');
  }
  return { url: `${access.hubUrl ?? 'https://huggingface.co'}/${name}`, files: Object.keys(contents) };
}

function readRunFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CheckpointError('The folder holds no configuration.', {
      where: dirname(file),
      remedy: 'Name the folder that promptweave train or promptweave import wrote.',
      cause,
    });
  }
}

/** @throws ConfigError where an address has a user or a password in it: it would be there for all to read */
function requireNoPassword(text: string, where: string): void {
  if (!/[a-z][\w+.-]*:\/\/[^\s"'/@]+@/i.test(text)) return;
  throw new ConfigError('The configuration has an address with a user or password in it, which is not published.', {
    where,
    remedy: 'Train without it in the configuration: give it by the environment.',
  });
}
