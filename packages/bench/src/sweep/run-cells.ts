import { join } from 'node:path';
import { CheckpointError, ConfigError, DatasetError, PromptweaveError, TrainingError } from '@promptweave/core';
import {
  configurationHash,
  contentsOf,
  readConfiguration,
  resolveConfiguration,
  runFiles,
  tryClaim,
  type Contents,
  type TrainEvent,
} from '@promptweave/core/experiment';
import type { RunEnvironment } from '../protocols/protocol-run.js';
import { runTracked } from '../protocols/run-tracked.js';
import type { CellFailure, CellFolder } from './cell-folder.js';
import type { EngineRequest, SweepEvent } from './engine.js';
import { describeChoice, rowOfChoice } from './short-text.js';
import { sourceOf } from './sweep-identity.js';
import { rayPlaceOf } from './ray/ray-place.js';
import type { FeatureLibrary } from './feature-library.js';
import { CellTrackers } from './cell-trackers.js';

/** What cells in one process share. */
export interface CellEnvironment extends RunEnvironment {
  readonly features?: FeatureLibrary;
}

/** Which cells to run; they may become known one by one. */
export interface RunCellsRequest extends Pick<EngineRequest, 'patience' | 'signal' | 'onEvent'> {
  readonly cells: Iterable<CellFolder> | AsyncIterable<CellFolder>;
}

/**
 * Runs, one after the other, those of the cells that nobody works on and that are neither finished nor given up. A cell that fails is
 * recorded and does not stop the others. What a tracker could not deliver of a cell is delivered while the next ones run.
 */
export async function runCells(
  { cells, patience, signal, onEvent }: RunCellsRequest,
  environment: CellEnvironment,
): Promise<void> {
  const open = (cell: CellFolder): boolean => ['waiting', 'interrupted'].includes(cell.state(patience).status);
  const trackers = new CellTrackers((message) => onEvent?.({ type: 'note', message }));
  try {
    for await (const cell of cells) {
      if (signal?.aborted) return;
      if (!open(cell)) continue;
      cell.requireThere();
      const claim = tryClaim(cell.path);
      if (!claim) continue;
      try {
        if (cell.outcome() || rayPlaceOf(cell)) continue; // another process finished or submitted it in between
        await runCell(cell, environment, trackers, signal, onEvent);
      } finally {
        claim.release();
      }
    }
  } finally {
    await trackers.close();
  }
}

async function runCell(
  cell: CellFolder,
  environment: CellEnvironment,
  trackers: CellTrackers,
  signal?: AbortSignal,
  onEvent?: (event: SweepEvent) => void,
): Promise<void> {
  const { id } = cell;
  onEvent?.({ type: 'begin', cell: id });
  try {
    const described = cell.describe();
    const { identity, configurationFolder, sweep } = described;
    for (const path of cell.clear()) {
      onEvent?.({ type: 'note', message: `${path} was damaged: it is put aside, and written anew.` });
    }
    const source = await readConfiguration(join(cell.path, runFiles.configuration));
    const configuration = resolveConfiguration(source, { registry: environment.registry });
    if (configurationHash(configuration) !== identity.configuration) {
      throw new ConfigError('The configuration of this cell is not the one that it was planned with.', {
        where: cell.path,
        remedy: 'Remove the folder of the cell and start the sweep again.',
      });
    }
    requireSameContents(contentsOf(configuration, environment.registry, configurationFolder), identity.contents, cell);
    const about = {
      ...{ id: `${sweep.id}/${id}`, name: describeChoice(described), experiment: sweep.name, parent: sweep },
      params: { row: rowOfChoice(described) },
      source: sourceOf(sweep),
      tags: { 'promptweave.cell': id },
    };
    const pause = pauseAfter(cell.stopsAfter(), signal);
    const run = await trackers.with(cell.path, configuration, environment.registry, (tracker) =>
      runTracked(tracker, about, {
        configuration,
        environment,
        folder: cell.path,
        configurationFolder,
        signal: pause.signal,
        onEvent: (event) => {
          pause.watch(event);
          if (event.type === 'warning') onEvent?.({ type: 'note', message: event.message });
          onEvent?.({ type: 'train', cell: id, event });
        },
        onEvaluation: (set, done, total) => onEvent?.({ type: 'evaluate', cell: id, set, done, total }),
      }),
    );
    if (!run) {
      onEvent?.({ type: 'stop', cell: id });
      return;
    }
    const { summary, result } = run;
    const { parameters, training, evaluationSeconds } = result;
    const date = new Date().toISOString();
    const stoppedAfter = training.stops?.at(-1)?.epoch;
    const early = stoppedAfter !== undefined && { stoppedAfter };
    cell.finish({ summary, parameters, seconds: training.seconds, evaluationSeconds, ...early, date });
    const damage = cell.damage();
    if (damage) throw damage;
    onEvent?.({ type: 'finish', cell: id });
  } catch (error) {
    cell.requireThere();
    const failure = failureOf(error);
    cell.fail(failure);
    onEvent?.({ type: 'fail', cell: id, message: failure.message });
  }
}

/** @throws ConfigError where a file that the cell reads has changed since it was planned */
function requireSameContents(present: Contents, planned: Contents = {}, { path }: CellFolder): void {
  const changed = Object.keys(present).filter((option) => present[option] !== planned[option]);
  if (changed.length === 0) return;
  throw new ConfigError(`The file that ${changed.join(' and ')} names has changed since this cell was planned.`, {
    where: path,
    remedy: 'Start the sweep again: it plans another cell for the file as it is now.',
  });
}

/** A signal that stops a training after so many epochs, once their validation is recorded; also where the given one is aborted. */
function pauseAfter(
  limit: number | undefined,
  signal?: AbortSignal,
): { readonly signal: AbortSignal | undefined; watch(event: TrainEvent): void } {
  if (limit === undefined || limit === Infinity) return { signal, watch: () => undefined };
  const own = new AbortController();
  let epochs = Infinity;
  return {
    signal: signal ? AbortSignal.any([signal, own.signal]) : own.signal,
    watch: (event) => {
      if (event.type === 'start') ({ epochs } = event);
      if (event.type !== 'evaluation' || event.name !== 'val') return;
      if (event.epoch >= limit && event.epoch < epochs) own.abort();
    },
  };
}

function failureOf(error: unknown): Omit<CellFailure, 'date'> {
  if (error instanceof PromptweaveError) {
    const { message, name, exitCode, where, remedy } = error;
    return { kind: 'error', message, name, exitCode, where, remedy, ...(isFinal(error) && { final: true }) };
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'error', message, name, stack };
}

/** Troubles of a file system or a machine that may pass. */
const PASSING: readonly unknown[] = [
  'EIO',
  'EAGAIN',
  'EBUSY',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ENOSPC',
  'ESTALE',
  'ETIMEDOUT',
];

/** Whether the same cell, which computes the same bits, would meet the same error again. */
function isFinal(error: PromptweaveError): boolean {
  const kinds = [ConfigError, CheckpointError, DatasetError, TrainingError];
  if (!kinds.some((kind) => error instanceof kind)) return false;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && PASSING.includes(cause.code)) return false;
  }
  return true;
}
