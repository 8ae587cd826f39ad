import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { RunDataset, RunEnd, Tracker } from '@promptweave/core';
import {
  claimantOf,
  claimOrWait,
  createTracker,
  environmentOf,
  lifeOf,
  tryClaim,
  type Claim,
  type Registry,
  type ResolvedConfiguration,
  type Surroundings,
} from '@promptweave/core/experiment';
import type { Patience } from './cell-folder.js';
import type { SweepFolder } from './sweep-folder.js';
import { sourceOf } from './sweep-identity.js';

/** What is recorded of a sweep. */
export interface TrackedSweep {
  readonly folder: SweepFolder;
  /** Of any cell: they share the tracker. */
  readonly configuration: ResolvedConfiguration;
  /** The configuration with its grid, as it is written in the file. */
  readonly source: object;
  readonly registry: Registry;
  readonly patience: Patience;
  readonly surroundings?: Surroundings;
  readonly onProblem?: (problem: string) => void;
}

/** What has come out of a sweep as a whole. */
export interface SweepOutcome {
  /** Figures of the best row: `best/HM`. */
  readonly values: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, string>>;
  /** The table, in Markdown. */
  readonly summary: string;
  readonly datasets: readonly RunDataset[];
}

/** Attempts to record the end while another process does, and milliseconds between them. */
const ATTEMPTS = 20;
const PAUSE = 100;

/**
 * Records a sweep as the run that the runs of its cells lie under. Of several processes that work on one folder, one at a time records
 * it; the last to end says how the sweep ended.
 */
export class SweepTracker {
  private claim?: Claim;
  private tracker?: Tracker;

  constructor(private readonly sweep: TrackedSweep) {}

  /** A process that recorded the sweep died before its end, or may have on another machine. */
  get isLeftBehind(): boolean {
    const { path } = this.sweep.folder;
    return claimantOf(path, 'dead or alive') !== undefined && lifeOf(path) !== 'alive';
  }

  /**
   * The sweep begins, or goes on. Returns without waiting for a delivery.
   * @throws ConfigError where the tracker cannot be made
   */
  async begin(): Promise<void> {
    const tracker = this.make();
    this.claim = tryClaim(this.sweep.folder.path);
    if (this.claim) await this.start(tracker);
  }

  /**
   * The process has nothing left to do.
   * @param files of the sweep's folder to keep, such as its report; those that are not there are left out
   * @param outcome what has come out so far
   * @returns what could not be recorded or is still to be delivered
   */
  async end(files: readonly string[] = [], outcome?: SweepOutcome): Promise<readonly string[]> {
    for (let attempt = 0; !this.claim && attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await setTimeout(PAUSE);
      this.claim = await claimOrWait(this.sweep.folder.path);
    }
    if (!this.claim) return []; // a process that goes on with the sweep records its end
    const tracker = this.tracker ?? (await this.start(this.make()));
    const { path } = this.sweep.folder;
    for (const file of files) if (existsSync(join(path, file))) tracker.record({ type: 'artifact', path: file });
    const { values = {}, ...about } = outcome ?? {};
    // Counted in finished cells: the figures of a sweep that goes on come after those of before.
    if (Object.keys(values).length > 0) tracker.record({ type: 'metrics', step: this.sweep.folder.finished(), values });
    tracker.record({ type: 'end', status: this.status(), ...about });
    const closing = tracker.close();
    this.claim.release();
    return await closing;
  }

  private make(): Tracker {
    const { folder, configuration, registry, onProblem } = this.sweep;
    return createTracker(configuration, registry, { folder: folder.path, onProblem });
  }

  private async start(tracker: Tracker): Promise<Tracker> {
    const { folder, source, surroundings } = this.sweep;
    const { id, name } = folder.identity();
    const environment = await environmentOf(surroundings);
    const start = { id, name, experiment: name, source: sourceOf({ id, name }) };
    tracker.record({ type: 'start', ...start, configuration: source, environment });
    return (this.tracker = tracker);
  }

  private status(): RunEnd['status'] {
    const { folder, patience } = this.sweep;
    const states = folder.cells().map((cell) => cell.state(patience).status);
    if (states.every((status) => status === 'finished')) return 'finished';
    return states.every((status) => status === 'finished' || status === 'failed') ? 'failed' : 'stopped';
  }
}
