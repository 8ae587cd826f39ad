import { join } from 'node:path';
import { requireNoRun, trackRun, type TrackedRun, type Tracker } from '@promptweave/core';
import { runPictures } from './run-pictures.js';
import { stageFolders } from './run-in-stages.js';
import { runProtocol, type ProtocolResult, type ProtocolRun } from './run-protocol.js';

/** What a tracker is told of a run besides what the run itself says. */
export type RunLabels = Omit<TrackedRun, 'folder' | 'configuration' | 'surroundings'>;

/**
 * Trains and tests as the configuration's protocol says, and records it. The caller closes the tracker.
 * @returns undefined where the signal stopped it; the same call goes on later
 */
export async function runTracked(
  tracker: Tracker,
  labels: RunLabels,
  run: ProtocolRun,
): Promise<ProtocolResult | undefined> {
  const { configuration, folder, environment, onEvent } = run;
  const { surroundings } = environment;
  if (run.resume === false) [folder, join(folder, stageFolders.first)].forEach(requireNoRun); // nothing is recorded then
  return await trackRun(tracker, { ...labels, folder, configuration, surroundings }, async (record) => {
    const outcome = await runProtocol({
      ...run,
      onEvent: (event) => {
        record(event);
        onEvent?.(event);
      },
    });
    if (!outcome) return undefined;
    const files = tracker.showsPictures ? await runPictures(folder, outcome.result) : [];
    return { ...outcome, figures: outcome.summary, files };
  });
}
