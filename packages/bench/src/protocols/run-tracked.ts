import { join } from 'node:path';
import type { RunDataset, Tracker } from '@promptweave/core';
import {
  modulesInUse,
  requireNoRun,
  stageFolders,
  trackRun,
  type ResolvedConfiguration,
  type RunResult,
  type TrackedRun,
  type TrainEvent,
} from '@promptweave/core/experiment';
import { datasetName } from '../benchmark/dataset-choice.js';
import { runPictures } from './run-pictures.js';
import type { ProtocolRun } from './protocol-run.js';
import { runProtocol, type ProtocolResult } from './run-protocol.js';

/** What a tracker is told of a run besides what the run itself says. */
export type RunLabels = Omit<TrackedRun, 'folder' | 'configuration' | 'surroundings' | 'plugins'>;

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
  const { surroundings, registry } = environment;
  const plugins = modulesInUse(configuration, registry);
  if (run.resume === false) [folder, join(folder, stageFolders.first)].forEach(requireNoRun); // nothing is recorded then
  return await trackRun(tracker, { ...labels, folder, configuration, surroundings, plugins }, async (record) => {
    const outcome = await runProtocol({
      ...run,
      onEvent: (event) => {
        record(event);
        onEvent?.(event);
      },
    });
    if (!outcome) return undefined;
    const files = tracker.showsPictures ? await pictures(folder, outcome.result, onEvent) : [];
    return { ...outcome, figures: outcome.summary, files, datasets: [datasetOf(configuration, outcome.result)] };
  });
}

/** The images that a run was computed from, as trackers are told of them. */
export function datasetOf({ dataset }: Pick<ResolvedConfiguration, 'dataset'>, { provenance }: RunResult): RunDataset {
  return { name: datasetName(dataset), digest: provenance.dataset, options: dataset };
}

/** The run's pictures. Where they cannot be drawn there is a warning: the run is finished all the same. */
async function pictures(folder: string, result: RunResult, onEvent?: (event: TrainEvent) => void): Promise<string[]> {
  try {
    return await runPictures(folder, result);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    onEvent?.({ type: 'warning', message: `The plots of this run cannot be drawn: ${reason}` });
    return [];
  }
}
