import { fork, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  describeChoice,
  sweepFiles,
  type EstimateOptions,
  type PlannedCell,
  type SweepEstimate,
  type SweepFolder,
} from '@promptweave/bench';
import type { EstimateTask } from './sweep-worker.js';

/** Starts this program as a worker process with an IPC channel. @param variables of its environment, besides those of this process */
export function spawnWorker(task: 'cells' | 'estimate', variables: NodeJS.ProcessEnv = {}): ChildProcess {
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  return fork(main, ['sweep', '--worker', task], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...variables },
  });
}

/** What is found out about cells. */
export interface Estimation {
  readonly estimate: SweepEstimate;
  /** The process that has found it out, as a worker for these cells; undefined where there is none, or none any more. */
  readonly worker: () => ChildProcess | undefined;
}

/**
 * Whether the cells can work, and what they are expected to take. Another process finds out, so that this one needs no backend.
 *
 * @param configurationFolder that relative paths of the configurations refer to
 * @param stays whether that process is kept for the cells; it does not keep this one
 */
export async function estimateSweep(
  planned: readonly PlannedCell[],
  folder: SweepFolder,
  configurationFolder: string,
  options: EstimateOptions,
  stays: boolean,
): Promise<Estimation> {
  const child = spawnWorker('estimate');
  const closed = new Promise<undefined>((resolve) => child.once('close', () => resolve(undefined)));
  const answered = new Promise<SweepEstimate>((resolve) => child.once('message', resolve));
  let said = '';
  const listen = (data: Buffer): void => void (said += data.toString());
  child.stderr!.on('data', listen);
  child.on('error', ({ message }) => (said += message));
  const cells = planned.map((cell) => {
    const { id, configuration } = cell;
    const outcome = folder.cell(id).outcome();
    return {
      id,
      cell: describeChoice(cell),
      configuration,
      ...(outcome && { took: outcome.seconds + outcome.evaluationSeconds }),
    };
  });
  const features = join(folder.path, sweepFiles.features);
  const task: EstimateTask = { cells, folder: configurationFolder, features, options, stays };
  child.send(task, () => undefined);
  const answer = await Promise.race([answered, closed]);
  if (!stays || !answer) {
    await closed;
    const problems = [`The process that checks the cells was lost. ${said.trim()}`];
    return { estimate: answer ?? { cells: {}, problems, impossible: [] }, worker: () => undefined };
  }
  child.stderr!.off('data', listen).pause();
  const holding = [child, child.channel!, child.stderr as Socket];
  for (const one of holding) one.unref();
  let waiting = true;
  const worker = (): ChildProcess | undefined => {
    if (!waiting || !child.connected) return undefined;
    waiting = false;
    for (const one of holding) one.ref();
    return child;
  };
  return { estimate: answer, worker };
}
