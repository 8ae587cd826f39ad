import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CheckpointError, ConfigError, type PromptweaveError } from '@promptweave/core';

/** Where the Hugging Face hub is, and who asks. */
export interface HubAccess {
  /** Default of the client where it is absent. */
  readonly hubUrl?: string;
  readonly accessToken?: string;
}

/** `HF_ENDPOINT`, and the token of `HF_TOKEN` or of the file that `hf auth login` writes. */
export function hubAccess(environment: NodeJS.ProcessEnv = process.env): HubAccess {
  const { HF_ENDPOINT: hubUrl, HF_TOKEN, HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = environment;
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface');
  const accessToken = HF_TOKEN?.trim() || textOf(HF_TOKEN_PATH ?? join(home, 'token'));
  return { ...(hubUrl && { hubUrl }), ...(accessToken && { accessToken }) };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined; // nobody has logged in on this machine
  }
}

/** `user/name` or `user/name@revision`. */
const NAME = /^(?<name>[\w-][\w.-]*\/[\w-][\w.-]*)(?:@(?<revision>[\w./-]+))?$/;

/** Whether a text has the form of a name on the hub. */
export function isHubName(text: string): boolean {
  return NAME.test(text);
}

/** @throws ConfigError where a name has another form */
export function parseHubName(text: string, where: string): { readonly name: string; readonly revision?: string } {
  const found = NAME.exec(text)?.groups as { name: string; revision?: string } | undefined;
  if (found) return found;
  throw new ConfigError(`"${text}" is no name on the Hugging Face hub.`, { where, remedy: 'Write it as user/name.' });
}

/** What failed on the hub, as a message for people; anything else as it is. */
export async function hubError(error: unknown, name: string, doing: string): Promise<PromptweaveError | Error> {
  const { HubApiError } = await import('@huggingface/hub');
  if (error instanceof HubApiError) {
    const isForbidden = error.statusCode === 401 || error.statusCode === 403;
    return new CheckpointError(`The hub does not let ${doing}: ${error.statusCode}, ${error.message}`, {
      where: name,
      remedy: isForbidden
        ? 'Log in (hf auth login), or set HF_TOKEN to a token that may do this.'
        : 'Check the name, and try again later.',
      cause: error,
    });
  }
  const cause = error instanceof TypeError ? error.cause : undefined;
  if (!(cause instanceof Error)) return error instanceof Error ? error : new Error(String(error));
  return new CheckpointError(`The hub cannot be reached: ${cause.message}.`, {
    where: name,
    remedy: 'Check the connection, and HF_ENDPOINT where it is set.',
    cause: error,
  });
}
