import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  describeChoice,
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

/**
 * Whether the cells can work, and what they are expected to take. Another process finds out, so that this one needs no backend.
 *
 * @param configurationFolder that relative paths of the configurations refer to
 */
export async function estimateSweep(
  planned: readonly PlannedCell[],
  folder: SweepFolder,
  configurationFolder: string,
  options: EstimateOptions = {},
): Promise<SweepEstimate> {
  const child = spawnWorker('estimate');
  let answer: SweepEstimate | undefined;
  let said = '';
  child.stderr!.on('data', (data: Buffer) => (said += data.toString()));
  child.on('message', (message) => (answer = message as SweepEstimate));
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
  const task: EstimateTask = { cells, folder: configurationFolder, options };
  child.send(task, () => undefined);
  await once(child, 'close');
  return (
    answer ?? { cells: {}, problems: [`The process that checks the cells was lost. ${said.trim()}`], impossible: [] }
  );
}
