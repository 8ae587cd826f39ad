import { runTags } from '@promptweave/mlflow-js-client';
import type { StartEntry } from './journal-entry.js';

/** What a run is tagged with: what it was told, its parent, and where and with what it was computed. */
export function tagsOf(entry: StartEntry, parentRunId: string | undefined): Record<string, string> {
  const { environment, tags } = entry;
  return {
    ...tags,
    ...(parentRunId && { [runTags.parentRunId]: parentRunId }),
    ...(environment.git && {
      [runTags.gitCommit]: environment.git.commit,
      'promptweave.git.changed': String(environment.git.changed),
    }),
    'promptweave.backend': environment.backend,
    'promptweave.platform': environment.platform,
    ...Object.fromEntries(
      Object.entries(environment.versions).map(([name, value]) => [`version.${name.replace(/^@/, '')}`, value]),
    ),
  };
}
