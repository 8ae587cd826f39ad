import { dirname, join } from 'node:path';
import { CellFolder, runAsWorker, runCells, sweepFiles } from '@promptweave/bench';
import { ConfigError, loadPluginsOf, readConfiguration, resolveConfiguration, runFiles } from '@promptweave/core';
import { interruptible, STOPPED } from './interrupt.js';
import { sweepEnvironment, type SweepEnvironment } from './sweep-environment.js';

/** `promptweave sweep --cell FOLDER`: runs one prepared cell; its exit code says whether the cell is finished. */
export async function runCellFolder(path: string, version: string, retries: number): Promise<void> {
  const cell = new CellFolder(path);
  const { environment, close } = await environmentOf(cell, version);
  const { signal, release } = interruptible(() =>
    console.error('Stopping after this step. Ctrl-C again ends at once.'),
  );
  try {
    await runCells({ cells: [cell], patience: { retries }, signal }, environment);
  } finally {
    release();
    await close();
  }
  const state = cell.state({ retries });
  if (state.status === 'finished') return;
  if (signal.aborted) {
    process.exitCode = STOPPED;
    return;
  }
  const failure = 'failures' in state ? state.failures.at(-1) : undefined;
  throw new ConfigError(failure?.message ?? `The cell is ${state.status}; another process works on it.`, {
    where: path,
    remedy: failure?.remedy,
  });
}

/** `promptweave sweep --worker`: takes its cells from the parent process. */
export async function runWorker(version: string): Promise<void> {
  let made: SweepEnvironment | undefined;
  try {
    await runAsWorker(async (cell) => (made = await environmentOf(cell, version)).environment);
  } finally {
    await made?.close();
  }
}

async function environmentOf(cell: CellFolder, version: string): Promise<SweepEnvironment> {
  const { configurationFolder } = cell.describe();
  const source = await readConfiguration(join(cell.path, runFiles.configuration));
  const registry = await loadPluginsOf(source, configurationFolder, [], import.meta.url);
  const features = join(dirname(dirname(cell.path)), sweepFiles.features);
  const configuration = resolveConfiguration(source, { registry });
  return sweepEnvironment(configuration, registry, configurationFolder, features, version);
}
