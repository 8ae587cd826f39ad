import { runTags } from '@promptweave/mlflow-js-client';
import type { StartEntry } from './journal-entry.js';

/** What a run is tagged with: what it was told, its parent, and where and with what it was computed. */
export function tagsOf(entry: StartEntry, parentRunId: string | undefined): Record<string, string> {
  const { environment, source, tags } = entry;
  return {
    ...tags,
    ...(parentRunId && { [runTags.parentRunId]: parentRunId }),
    ...(source !== undefined && { [runTags.sourceName]: source, [runTags.sourceType]: 'LOCAL' }),
    ...(environment.git && {
      [runTags.gitCommit]: environment.git.commit,
      'promptweave.git.changed': String(environment.git.changed),
    }),
    'promptweave.backend': environment.backend,
    'promptweave.platform': environment.platform,
    ...named('version.', environment.versions),
    ...named('plugin.', environment.plugins ?? {}),
  };
}

/** `@scope/name` as `version.scope/name`, and `./mine.mjs` as `plugin.mine.mjs`. */
function named(begin: string, versions: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(versions).map(([name, version]) => [`${begin}${name.replace(/^(@|\.\/)/, '')}`, version]),
  );
}
