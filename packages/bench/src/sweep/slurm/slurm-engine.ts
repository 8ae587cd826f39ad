import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { memoryFor, type CellNeeds } from '../cell-needs.js';
import { CellFolder, type CellState } from '../cell-folder.js';
import type { Engine, EngineRequest } from '../engine.js';
import { slurm, type SlurmTask } from './slurm-client.js';
import { arrayFiles, slurmScript } from './slurm-script.js';

/** What a sweep may take of a Slurm cluster. */
export interface SlurmEngineOptions {
  /** Tasks at once. */
  readonly jobs: number;
  readonly needs: CellNeeds;
  /** The command `promptweave` as nodes call it. */
  readonly command: readonly string[];
  /** Further options of sbatch: `--partition=gpu`, `--time=2:00:00`, … */
  readonly sbatch?: readonly string[];
  /** Tasks of one array. Default 1000: Slurm's own default limit is 1001. */
  readonly arraySize?: number;
  /** Seconds between two looks. Default 5. */
  readonly pollSeconds?: number;
}

/** Folder of the arrays, within the sweep's. */
const FOLDER = 'slurm';
/** Times that the queue may fail to tell before that counts. */
const DEAF = 12;

/**
 * Runs the cells as tasks of Slurm job arrays, one array after the other, on nodes that see the sweep's folder. A task is the command that
 * runs one cell; what is done is read from the cells' folders, what still waits or runs from Slurm's queue. So a scheduler that was killed
 * finds its tasks when it is started again, and a task that ended without a result is submitted anew.
 */
export function slurmEngine(options: SlurmEngineOptions): Engine {
  return { name: 'slurm', run: (request) => new SlurmRun(options, request).run() };
}

class SlurmRun {
  private readonly prefix: string;
  private readonly folder: string;
  private readonly seen = new Map<string, CellState['status']>();
  private deaf = 0;

  constructor(
    private readonly options: SlurmEngineOptions,
    private readonly request: EngineRequest,
  ) {
    this.prefix = `promptweave-${request.cells[0]!.describe().sweep.id.replaceAll('-', '').slice(0, 12)}-`;
    this.folder = resolve(request.folder, FOLDER);
  }

  async run(): Promise<void> {
    const { cells, signal } = this.request;
    const { arraySize = 1000, pollSeconds = 5 } = this.options;
    let left = await this.queued();
    const open = cells.filter(({ id }) => !left.has(id));
    const failures = new Map(cells.map((cell) => [cell, cell.failures().length]));
    for (;;) {
      // An array counts its own tasks alone: two at once would be more than --jobs allows.
      if (open.length > 0 && left.size === 0) await this.submit(open.splice(0, arraySize));
      else if (open.length === 0 && !cells.some(({ id }) => left.has(id))) break;
      await setTimeout(pollSeconds * 1000, undefined, { signal }).catch(() => undefined);
      left = await this.queued();
      this.show(left);
      if (signal?.aborted) {
        if (left.size > 0) this.note(`${left.size} tasks stay in the queue; the same command finds them again.`);
        return;
      }
    }
    for (const cell of cells) this.noteLost(cell, failures.get(cell)!);
  }

  private async submit(cells: readonly CellFolder[]): Promise<void> {
    const { options, request } = this;
    const name = `${this.prefix}${randomBytes(3).toString('hex')}`;
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, arrayFiles.cells), cells.map(({ path }) => `${resolve(path)}\n`).join(''));
    const memory = Math.max(...cells.map((cell) => memoryFor(cell, options.needs, request.estimates)));
    const { cpus, gpus } = options.needs;
    const script = slurmScript({
      ...{ name, folder, tasks: cells.length, jobs: options.jobs, cpus, gpus, memory },
      ...{ command: options.command, retries: request.patience.retries, options: options.sbatch ?? [] },
    });
    writeFileSync(join(folder, arrayFiles.script), script);
    const job = await slurm.submit(join(folder, arrayFiles.script));
    this.note(
      `Slurm array ${job}: ${cells.length} cells, ${options.jobs} at once (${join(folder, arrayFiles.script)}).`,
    );
  }

  /** Cells whose tasks wait or run, and whether they run; by their ids. */
  private async queued(): Promise<Map<string, boolean>> {
    const lists = new Map<string, string[]>();
    const cellOf = (name: string, index: number): string | undefined => {
      const file = join(this.folder, name, arrayFiles.cells);
      if (!lists.has(name)) lists.set(name, existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
      const path = lists.get(name)![index];
      return path && new CellFolder(path).id;
    };
    const tasks = await this.ask();
    return new Map(
      tasks.flatMap(({ name, index, running }): [string, boolean][] => {
        const id = cellOf(name, index);
        return id === undefined ? [] : [[id, running]];
      }),
    );
  }

  /** The queue; a controller that does not answer for a while is asked again. */
  private async ask(): Promise<SlurmTask[]> {
    for (;;) {
      try {
        const tasks = await slurm.tasks(this.prefix);
        this.deaf = 0;
        return tasks;
      } catch (error) {
        this.deaf += 1;
        if (this.deaf >= DEAF || this.seen.size === 0) throw error;
        await setTimeout(5000);
      }
    }
  }

  /** Tells what changed in the cells' folders. */
  private show(queued: ReadonlyMap<string, boolean>): void {
    const { cells, patience, onEvent } = this.request;
    for (const cell of cells) {
      const { id } = cell;
      const { status } = cell.state(patience);
      const before = this.seen.get(id);
      const now = status === 'running' || status === 'finished' || status === 'failed' ? status : 'waiting';
      this.seen.set(id, now);
      if (now === before) continue;
      if (now !== 'waiting' && before !== 'running') onEvent?.({ type: 'begin', cell: id });
      if (now === 'finished') onEvent?.({ type: 'finish', cell: id });
      if (now === 'failed') onEvent?.({ type: 'fail', cell: id, message: cell.failures().at(-1)?.message });
      if (now === 'waiting' && before === 'running' && queued.has(id)) onEvent?.({ type: 'stop', cell: id });
    }
  }

  /** Records a cell whose task is gone and left neither a result nor a reason. */
  private noteLost(cell: CellFolder, before: number): void {
    const { status } = cell.state(this.request.patience);
    if ((status !== 'waiting' && status !== 'interrupted') || cell.failures().length > before) return;
    const message = 'The Slurm task ended without a result: killed, out of memory or time, or its node was lost.';
    cell.fail({ kind: 'lost', message, where: this.folder, remedy: "The task's output is there, sacct tells more." });
    this.request.onEvent?.({ type: 'fail', cell: cell.id, message });
  }

  private note(message: string): void {
    this.request.onEvent?.({ type: 'note', message });
  }
}
