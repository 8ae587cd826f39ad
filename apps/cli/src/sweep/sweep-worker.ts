import { once } from 'node:events';
import { dirname, join } from 'node:path';
import {
  CellFolder,
  estimateCells,
  inProcessEngine,
  ProcessError,
  runAsWorker,
  runSweep,
  sendCell,
  sendEvent,
  sweepFiles,
  type CellEnd,
  type CellFailure,
  type EstimatedCell,
  type EstimateOptions,
  type SweepEvent,
} from '@promptweave/bench';
import {
  loadPluginsOf,
  readConfiguration,
  resolveConfiguration,
  runFiles,
  sourceFromValue,
  type ConfigurationSource,
} from '@promptweave/core/experiment';
import { allowedPlugins } from '../composition/allowed-plugins.js';
import { backendName } from '../composition/compose.js';
import { interruptible, STOPPED } from '../terminal/interrupt.js';
import { sweepEnvironment, type SweepEnvironment } from './sweep-environment.js';

/** How one cell is run. */
export interface CellCommand {
  readonly version: string;
  readonly retries: number;
  /** Send the files of the cell home in this process's output: its folder is not shared. */
  readonly sendHome?: boolean;
  /** Modules of `--plugin`, which the cell's configuration may load. */
  readonly plugin?: readonly string[];
}

/** Milliseconds between two signs of a cell that is far from home. */
const SIGN_OF_LIFE = 5000;

/**
 * `promptweave sweep --cell FOLDER`: runs one prepared cell; its exit code says whether the cell is finished, or with what error it failed.
 * Where another process works on it, waits for that.
 */
export async function runCellFolder(path: string, command: CellCommand): Promise<void> {
  const { version, retries, sendHome = false, plugin } = command;
  const cell = new CellFolder(path);
  if (sendHome) cell.forgive(); // what failed here before is known at home
  const { signal, release } = interruptible(() =>
    console.error('Stopping after this step. Ctrl-C again ends at once.'),
  );
  const patience = { retries: sendHome ? 0 : retries };
  const made = await environmentOf(cell, version, plugin);
  try {
    const onEvent = sendHome ? signsOfLife() : undefined;
    const engine = inProcessEngine(made.environment);
    await runSweep({ folder: dirname(dirname(path)), cells: [cell], patience, signal, engine, onEvent });
  } finally {
    release();
    await made.close();
  }
  const state = cell.state(patience);
  const failure = 'failures' in state ? state.failures.at(-1) : undefined;
  if (sendHome) sendCell(cell, endOf(state.status, failure));
  if (state.status === 'finished') return;
  if (signal.aborted) {
    process.exitCode = STOPPED;
    return;
  }
  throw failure ? errorOf(path, failure) : new ProcessError(`The cell is ${state.status}.`, { where: path });
}

/** What the cell failed with, as if it were met here. */
function errorOf(path: string, { message, stack, name, exitCode, where = path, remedy }: CellFailure): Error {
  if (stack !== undefined) return Object.assign(new Error(message), { stack });
  return new ProcessError(message, { name, exitCode, where, remedy });
}

/** `promptweave sweep --worker`: takes its cells from the parent process. */
export async function runWorker(version: string): Promise<void> {
  let made: SweepEnvironment | undefined;
  try {
    await runAsWorker(async (cell) => begun((made = await environmentOf(cell, version))));
  } finally {
    await made?.close();
  }
}

/** What cells run in; says what they compute on. */
function begun({ environment, composition: { backend } }: SweepEnvironment): SweepEnvironment['environment'] {
  console.error(`Backend: ${backendName(backend)}. ${backend.why}`);
  return environment;
}

/** What a process that estimates cells is told. */
export interface EstimateTask {
  readonly cells: readonly EstimatedCell[];
  /** Folder that relative paths of the configurations refer to. */
  readonly folder: string;
  /** Folder of the sweep's image features. */
  readonly features: string;
  readonly options: EstimateOptions;
  /** Run cells afterwards, of those that it was told: what all of them need is loaded then. */
  readonly stays: boolean;
}

/** `promptweave sweep --worker estimate`: answers its parent with the estimates of the cells it is told, and may stay to run them. */
export async function runEstimate(version: string): Promise<void> {
  const [{ cells, folder, features, options, stays }] = (await once(process, 'message')) as [EstimateTask];
  const source = sourceFromValue(cells[0]!.configuration as unknown as Record<string, unknown>);
  const made = await environmentFor(source, folder, features, version);
  try {
    const estimate = await estimateCells(cells, made.environment, folder, options);
    if (!process.connected) return;
    const work = stays ? runAsWorker(() => begun(made)) : undefined; // hears its parent from here on
    await new Promise<void>((resolve) => process.send!(estimate, () => resolve()));
    await work;
  } finally {
    await made.close();
    if (process.connected) process.disconnect();
  }
}

function environmentOf(cell: CellFolder, version: string, plugins?: readonly string[]): Promise<SweepEnvironment> {
  const { configurationFolder } = cell.describe();
  const features = join(dirname(dirname(cell.path)), sweepFiles.features);
  return readConfiguration(join(cell.path, runFiles.configuration)).then((source) =>
    environmentFor(source, configurationFolder, features, version, plugins),
  );
}

async function environmentFor(
  source: ConfigurationSource,
  folder: string,
  features: string,
  version: string,
  plugins?: readonly string[],
): Promise<SweepEnvironment> {
  const foreign = { allowed: allowedPlugins(plugins), place: dirname(features) };
  const registry = await loadPluginsOf(source, folder, [], import.meta.url, foreign);
  return sweepEnvironment(resolveConfiguration(source, { registry }), registry, folder, features, version);
}

/** Tells home of the newest event now and then. */
function signsOfLife(): (event: SweepEvent) => void {
  let last = -Infinity;
  return (event) => {
    if (event.type === 'note' || performance.now() - last < SIGN_OF_LIFE) return;
    last = performance.now();
    if (event.type === 'train' || event.type === 'evaluate') sendEvent(event);
  };
}

function endOf(status: string, failure: Extract<CellEnd, { status: 'failed' }>['failure'] | undefined): CellEnd {
  if (status === 'finished') return { status };
  return failure ? { status: 'failed', failure } : { status: 'stopped' };
}
