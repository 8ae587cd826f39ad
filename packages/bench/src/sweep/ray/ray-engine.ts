import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { tryClaim, type Claim } from '@promptweave/core/experiment';
import { memoryFor, type CellNeeds } from '../cell-needs.js';
import type { CellFolder } from '../cell-folder.js';
import type { Engine, EngineRequest } from '../engine.js';
import { readParcel, unpackInto } from '../parcel.js';
import { RayClient, type RayJob } from './ray-client.js';
import { jobName, jobPrefix, rayEntrypoint } from './ray-job.js';
import { forgetPlace, notePlace, placeOf, rayPlaceOf } from './ray-place.js';
import { sweepArchive, type SweepArchive } from './sweep-archive.js';

/** A Ray cluster, and what a sweep may take of it. */
export interface RayEngineOptions {
  /** Of the dashboard, such as `http://127.0.0.1:8265`. */
  readonly address: string;
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Jobs at once, waiting ones included. */
  readonly jobs: number;
  readonly needs: CellNeeds;
  /** Folder of the installed package whose command runs a cell. */
  readonly program: string;
  /** Files and folders beside the configuration that jobs need. */
  readonly include?: readonly string[];
  /** Laid over the jobs' runtime environment: `pip`, `env_vars`, `container`, … */
  readonly runtimeEnv?: Readonly<Record<string, unknown>>;
  /** All cells of the sweep: the archive that is sent holds them once for all. */
  readonly cells: readonly CellFolder[];
  /** Seconds between two looks at the jobs. Default 2. */
  readonly pollSeconds?: number;
  /** Seconds for which a job that succeeded is asked for files that do not come: its node may be out of reach for a while. Default 300. */
  readonly outputSeconds?: number;
}

/** What a job printed for people, in the cell's folder. */
const LOG = 'ray.log';
/** Running jobs whose output is looked at in one round, for the view. */
const WATCHED = 4;

/**
 * Runs each cell as a Ray job. Nothing is shared with the cluster's nodes: program, configuration and cells go there as one archive, files
 * come home in the jobs' output. What runs is read from Ray's own list, so a scheduler that was killed finds its jobs when it is started
 * again. A job that ended without a result is submitted anew.
 */
export function rayEngine(options: RayEngineOptions): Engine {
  let known: SweepArchive | undefined;
  const archive = (): SweepArchive => (known ??= sweepArchive(options));
  return { name: 'ray', address: options.address, run: (request) => new RayRun(options, request, archive).run() };
}

interface Active {
  readonly cell: CellFolder;
  readonly claim: Claim;
  readonly job: string;
  begun: boolean;
  /** Since when it has succeeded without its files, `performance.now()`. */
  silentSince?: number;
}

class RayRun {
  private readonly client: RayClient;
  private readonly prefix: string;
  private readonly active = new Map<string, Active>();
  private turn = 0;

  constructor(
    private readonly options: RayEngineOptions,
    private readonly request: EngineRequest,
    private readonly archive: () => SweepArchive,
  ) {
    this.client = new RayClient(options.address, options.headers);
    this.prefix = jobPrefix(request.cells[0]!.describe().sweep.id);
  }

  async run(): Promise<void> {
    const { cells, signal } = this.request;
    const { jobs, pollSeconds = 2 } = this.options;
    try {
      const known = await this.client.list(this.prefix);
      const jobOf = (cell: CellFolder): RayJob | undefined =>
        known.find(({ submission_id: id }) => id?.startsWith(jobName(this.prefix, cell, '')));
      // Those that run already hold places.
      const queue = [...cells].sort((a, b) => Number(!jobOf(a)) - Number(!jobOf(b)));
      while (!signal?.aborted && (queue.length > 0 || this.active.size > 0)) {
        while (queue.length > 0 && this.active.size < jobs) {
          const cell = queue.shift()!;
          await this.begin(cell, jobOf(cell));
        }
        if (this.active.size === 0) continue;
        await setTimeout(pollSeconds * 1000, undefined, { signal }).catch(() => undefined);
        if (!signal?.aborted) await this.look();
      }
      if (this.active.size > 0) {
        this.note(`${this.active.size} jobs stay on the cluster; the same command finds them again.`);
      }
    } finally {
      for (const { claim } of this.active.values()) claim.release();
    }
  }

  /** Takes a cell: its job is there from before, or is submitted. */
  private async begin(cell: CellFolder, known?: RayJob): Promise<void> {
    const { status } = cell.state(this.request.patience);
    const claim = status === 'waiting' || status === 'interrupted' ? tryClaim(cell.path) : undefined;
    if (!claim) return; // somebody else's
    try {
      const place = rayPlaceOf(cell);
      if (place && place.address !== placeOf(this.options.address)) return claim.release(); // submitted elsewhere in between
      const job = known?.submission_id ?? jobName(this.prefix, cell);
      notePlace(cell, { address: this.options.address, job });
      if (!known?.submission_id) await this.submit(cell, job);
      this.active.set(job, { cell, claim, job, begun: false });
    } catch (error) {
      claim.release();
      throw error;
    }
  }

  private async submit(cell: CellFolder, id: string): Promise<void> {
    const { needs, runtimeEnv = {} } = this.options;
    const working_dir = await this.upload();
    // Of MLflow's variables, no other goes along: Ray shows them to everybody, and what a node cannot deliver is delivered from here.
    const { PROMPTWEAVE_BACKEND: backend, MLFLOW_EXPERIMENT_NAME: experiment } = process.env;
    await this.client.submit({
      submission_id: id,
      entrypoint: rayEntrypoint(cell),
      runtime_env: {
        ...runtimeEnv,
        working_dir,
        env_vars: {
          ...(needs.gpus === 0 && { CUDA_VISIBLE_DEVICES: '' }), // Ray shows all of a node's to a job that asked for none
          ...(backend !== undefined && { PROMPTWEAVE_BACKEND: backend }),
          ...(experiment !== undefined && { MLFLOW_EXPERIMENT_NAME: experiment }),
          ...(runtimeEnv['env_vars'] as Record<string, string> | undefined),
        },
      },
      metadata: { 'promptweave.cell': cell.id, 'promptweave.folder': this.request.folder },
      entrypoint_num_cpus: needs.cpus,
      entrypoint_num_gpus: needs.gpus,
      entrypoint_memory: memoryFor(cell, needs, this.request.estimates),
    });
  }

  /** Sees to it that the archive is there: Ray deletes one that no job uses after some minutes. @returns its URI */
  private async upload(): Promise<string> {
    const { uri, sent } = await this.client.upload(this.archive());
    const size = `${(sent / 1e6).toFixed(0)} MB`;
    if (sent > 0) this.note(`Program and configuration: ${size}, sent once to ${this.client.address}.`);
    return uri;
  }

  /** Looks at all jobs: brings home what has ended, shows how far some of the others are. */
  private async look(): Promise<void> {
    const jobs = new Map((await this.client.list(this.prefix)).map((job) => [job.submission_id, job]));
    const running: Active[] = [];
    for (const active of [...this.active.values()]) {
      const job = jobs.get(active.job);
      if (job?.status === 'PENDING') continue;
      if (!active.begun) this.request.onEvent?.({ type: 'begin', cell: active.cell.id });
      active.begun = true;
      if (job?.status === 'RUNNING') running.push(active);
      else await this.settle(active, job);
    }
    for (let i = 0; i < Math.min(WATCHED, running.length); i++) {
      const { job } = running[this.turn++ % running.length]!;
      const { event } = readParcel(await this.client.logs(job));
      if (event) this.request.onEvent?.(event);
    }
  }

  /** Brings home what a job left, and takes it off Ray's list. A job that succeeded stays there until its files arrive. */
  private async settle(active: Active, job?: RayJob): Promise<void> {
    const { cell, claim, job: id } = active;
    const { onEvent } = this.request;
    const { log, arrived } = readParcel(await this.client.logs(id));
    if (!arrived && job?.status === 'SUCCEEDED' && this.mayStillCome(active)) return;
    if (log !== '') appendFileSync(join(cell.path, LOG), `${log}\n`);
    if (arrived) unpackInto(cell, arrived.files);
    // Off the list before its failure is noted: who is killed in between finds a cell to run, and not the same failure once more.
    forgetPlace(cell);
    await this.client.remove(id);
    const fail = (kind: 'error' | 'lost', message: string): void => {
      cell.fail({ kind, message, where: join(cell.path, LOG) });
      onEvent?.({ type: 'fail', cell: cell.id, message });
    };
    const end = arrived?.end;
    if (end?.status === 'finished') {
      const damage = cell.damage();
      if (damage) fail('error', damage.message);
      else onEvent?.({ type: 'finish', cell: cell.id });
    } else if (end?.status === 'stopped') onEvent?.({ type: 'stop', cell: cell.id });
    else if (end?.status === 'failed') {
      cell.fail(end.failure);
      onEvent?.({ type: 'fail', cell: cell.id, message: end.failure.message });
    } else if (job?.status === 'SUCCEEDED') {
      fail('lost', 'The Ray job succeeded, but its files did not come: its output is gone, or damaged.');
    } else if (job?.error_type === 'JOB_SUPERVISOR_ACTOR_START_TIMEOUT') {
      // No place was free in time, which is nobody's fault.
      onEvent?.({ type: 'stop', cell: cell.id });
    } else if (endedByItself(job)) {
      fail('error', `The Ray job failed: ${lastLine(log) ?? job?.message ?? 'it left no message'}`);
    } else {
      fail('lost', `The Ray job ended without a result: ${job?.message ?? 'Ray does not know it any more'}`);
    }
    claim.release();
    this.active.delete(id);
  }

  private mayStillCome(active: Active): boolean {
    const { outputSeconds = 300 } = this.options;
    active.silentSince ??= performance.now();
    const isPatient = performance.now() - active.silentSince < outputSeconds * 1000;
    if (isPatient)
      this.note(`Job ${active.job} succeeded, but its output is not to be had yet; it is asked for again.`);
    return isPatient;
  }

  private note(message: string): void {
    this.request.onEvent?.({ type: 'note', message });
  }
}

/** Whether the command, or what has to be there before it, failed for a reason of its own, so that it would fail again. */
function endedByItself(job?: RayJob): boolean {
  // An archive that Ray deleted before the job began is sent again; what pip does not find is missing the next time, too.
  if (job?.error_type === 'RUNTIME_ENV_SETUP_FAILURE')
    return !/download runtime_env file package/i.test(job.message ?? '');
  const code = job?.driver_exit_code;
  return typeof code === 'number' && code > 0 && code < 128;
}

function lastLine(log: string): string | undefined {
  return log.split('\n').findLast((line) => line.trim() !== '');
}
