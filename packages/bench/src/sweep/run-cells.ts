import { join } from 'node:path';
import {
  ConfigError,
  configurationHash,
  PromptweaveError,
  readConfiguration,
  resolveConfiguration,
  runFiles,
} from '@promptweave/core';
import { runProtocol, type RunEnvironment } from '../protocols/run-protocol.js';
import type { CellFolder } from './cell-folder.js';
import { tryClaim } from './claim.js';
import type { EngineRequest, SweepEvent } from './engine.js';
import type { FeatureLibrary } from './feature-library.js';

/** What cells in one process share. */
export interface CellEnvironment extends RunEnvironment {
  readonly features?: FeatureLibrary;
}

/**
 * Runs, one after the other, those of the cells that nobody works on and that are neither finished nor given up. A cell that fails is
 * recorded and does not stop the others.
 */
export async function runCells(
  { cells, patience, signal, onEvent }: Omit<EngineRequest, 'folder'>,
  environment: CellEnvironment,
): Promise<void> {
  const open = (cell: CellFolder): boolean => ['waiting', 'interrupted'].includes(cell.state(patience).status);
  for (const cell of cells) {
    if (signal?.aborted) return;
    if (!open(cell)) continue;
    const claim = tryClaim(cell.path);
    if (!claim) continue;
    try {
      if (cell.outcome()) continue; // another process finished it in between
      await runCell(cell, environment, signal, onEvent);
    } finally {
      claim.release();
    }
  }
}

async function runCell(
  cell: CellFolder,
  environment: CellEnvironment,
  signal?: AbortSignal,
  onEvent?: (event: SweepEvent) => void,
): Promise<void> {
  const { id, identity, configurationFolder } = cell.describe();
  onEvent?.({ type: 'begin', cell: id });
  try {
    const source = await readConfiguration(join(cell.path, runFiles.configuration));
    const configuration = resolveConfiguration(source, { registry: environment.registry });
    if (configurationHash(configuration) !== identity.configuration) {
      throw new ConfigError('The configuration of this cell is not the one that it was planned with.', {
        where: cell.path,
        remedy: 'Remove the folder of the cell and start the sweep again.',
      });
    }
    const run = await runProtocol({
      configuration,
      environment,
      folder: cell.path,
      configurationFolder,
      signal,
      onEvent: (event) => onEvent?.({ type: 'train', cell: id, event }),
      onEvaluation: (set, done, total) => onEvent?.({ type: 'evaluate', cell: id, set, done, total }),
    });
    await environment.features?.save();
    if (!run) {
      onEvent?.({ type: 'stop', cell: id });
      return;
    }
    const { summary, result } = run;
    const { parameters, training, evaluationSeconds } = result;
    const date = new Date().toISOString();
    cell.finish({ summary, parameters, seconds: training.seconds, evaluationSeconds, date });
    onEvent?.({ type: 'finish', cell: id });
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
    const known = error instanceof PromptweaveError ? { where: error.where, remedy: error.remedy } : { stack };
    cell.fail({ kind: 'error', message, ...known });
    onEvent?.({ type: 'fail', cell: id, message });
  }
}
