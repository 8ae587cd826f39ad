import type { RunEvent, Tracker } from '@promptweave/core';
import type { MlflowClient } from '@promptweave/mlflow-js-client';
import { setTimeout as sleep } from 'node:timers/promises';
import { deliver, type Delivered } from './delivery.js';
import { Journal } from './journal.js';
import { SystemMetrics } from './system-metrics.js';
import { TrackingError } from './tracking-error.js';

/** How a run is delivered while it goes on. */
export interface MlflowTrackerOptions {
  /** The run's folder; the journal is in it. */
  readonly folder: string;
  /** Without one, the journal is all there is, until it is delivered by `syncJournal`. */
  readonly client?: MlflowClient;
  /** Folder to name where a person is told to deliver later. Default: the run's. */
  readonly sweepFolder?: string;
  /** Experiment of the run. Default: the one that its start names. */
  readonly experiment?: string;
  /** Seconds between two deliveries. Default 5. */
  readonly intervalSeconds?: number;
  /** Seconds between two deliveries to a server that does not answer, at most. Default 120. */
  readonly longestIntervalSeconds?: number;
  /** Seconds that the end of the run waits for the last delivery, where nobody says how long. Default 5. */
  readonly closeSeconds?: number;
  /** Seconds between two looks at processors, memory and GPUs. Default: nobody looks. */
  readonly systemMetricsSeconds?: number;
  /** Told once of each thing that goes wrong. */
  readonly onProblem?: (problem: string) => void;
}

/**
 * Records runs on an MLflow server. Events go to a journal in the run's folder and are delivered from there in the background,
 * each once; what is left when the run ends, or dies, is delivered by `syncJournal`.
 */
export class MlflowTracker implements Tracker {
  readonly name = 'mlflow';
  readonly showsPictures = true;
  private readonly problems = new Set<string>();
  private readonly told = new Set<string>();
  private readonly stop = new AbortController();
  private journal?: Journal | 'failed';
  private timer?: NodeJS.Timeout;
  private delivering?: Promise<void>;
  /** Something was recorded since the last delivery began, or that delivery failed. */
  private due = false;
  private failures = 0;
  private looking?: NodeJS.Timeout;
  private system?: SystemMetrics;
  private closed = false;

  constructor(private readonly options: MlflowTrackerOptions) {}

  record(event: RunEvent): void {
    if (this.journal === 'failed') return;
    try {
      if (this.closed) throw new TrackingError('The recording has ended.');
      if (event.type === 'end') this.endLooking();
      if (this.journal) this.journal.append(event);
      else this.journal = this.begin(event);
      if (event.type === 'start') this.beginLooking();
      this.due = true;
      this.schedule();
    } catch (error) {
      this.note(`Not recorded for MLflow: ${describe(error)}`);
    }
  }

  async close(deadline?: AbortSignal): Promise<readonly string[]> {
    if (this.closed) return [...this.problems];
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.looking);
    if (this.journal instanceof Journal) this.journal.close();
    const giveUp = (): void => this.stop.abort(new Error('The server did not answer in time.'));
    const limit = deadline ?? AbortSignal.timeout((this.options.closeSeconds ?? 5) * 1000);
    if (limit.aborted) giveUp();
    limit.addEventListener('abort', giveUp);
    try {
      await this.delivering;
      if (this.journal instanceof Journal) await this.deliverTheRest(deadline !== undefined);
    } catch (error) {
      const { folder, sweepFolder = folder } = this.options;
      const later = `Deliver it later: promptweave track sync ${sweepFolder}`;
      this.note(`Not everything is on the MLflow server yet: ${describe(error)} ${later}`);
    } finally {
      limit.removeEventListener('abort', giveUp);
    }
    return [...this.problems];
  }

  /** From now on, the machine is looked at from time to time. */
  private beginLooking(): void {
    const { systemMetricsSeconds } = this.options;
    clearInterval(this.looking);
    if (systemMetricsSeconds === undefined) return;
    const system = (this.system = new SystemMetrics());
    this.looking = setInterval(() => {
      void system.sample().then((values) => {
        if (!this.closed && this.system === system) this.recordSystem(values);
      });
    }, systemMetricsSeconds * 1000);
    this.looking.unref();
  }

  /** One more look at the end, so that short runs have one, too. */
  private endLooking(): void {
    clearInterval(this.looking);
    if (this.system) this.recordSystem(this.system.ofMachine());
    this.system = undefined;
  }

  /** Looks are counted on where a run goes on. */
  private recordSystem(values: Record<string, number>): void {
    const { journal } = this;
    if (!(journal instanceof Journal)) return;
    const step = 1 + Math.max(0, ...Object.keys(values).map((name) => journal.lastStep(name) ?? 0));
    this.record({ type: 'metrics', step, values });
  }

  /** @param patiently tries again after errors of network or server, until the deadline */
  private async deliverTheRest(patiently: boolean): Promise<void> {
    const { folder, client } = this.options;
    const { signal } = this.stop;
    for (;;) {
      try {
        if (!client) throw new TrackingError('Its address is not known here.');
        const delivered = await deliver(folder, client, signal);
        this.noteAll(delivered);
        if (delivered.waiting.length === 0) return;
        throw new TrackingError(delivered.waiting.join(' '));
      } catch (error) {
        if (!patiently || !client || signal.aborted) throw error;
        this.failures += 1;
        await sleep(this.pause() * 1000, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) throw error;
      }
    }
  }

  private begin(event: RunEvent): Journal {
    if (event.type !== 'start') throw new TrackingError('A recording begins with the start of the run.');
    try {
      const { folder, experiment = event.experiment } = this.options;
      return Journal.begin(folder, { ...event, experiment });
    } catch (error) {
      this.journal = 'failed';
      throw error;
    }
  }

  /** Delivers soon; after failures, later and later. */
  private schedule(): void {
    if (this.timer || this.delivering || this.closed || !this.due || !this.options.client) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.due = false;
      this.delivering = this.deliverNow().then(() => {
        this.delivering = undefined;
        this.schedule();
      });
    }, this.pause() * 1000);
    this.timer.unref();
  }

  /** Seconds until the next delivery. */
  private pause(): number {
    const { intervalSeconds = 5, longestIntervalSeconds = 120 } = this.options;
    const jitter = 0.75 + Math.random() / 2;
    return Math.min(longestIntervalSeconds, intervalSeconds * 2 ** this.failures) * jitter;
  }

  /** Never rejects. */
  private async deliverNow(): Promise<void> {
    const { folder, client } = this.options;
    if (!client) return;
    try {
      const delivered = await deliver(folder, client, this.stop.signal);
      this.noteAll(delivered);
      if (delivered.waiting.length > 0) throw new TrackingError(delivered.waiting.join(' '));
      this.failures = 0;
    } catch (error) {
      this.failures += 1;
      this.due = true;
      this.tell(`MLflow: ${describe(error)} Training goes on, and it is tried again.`);
    }
  }

  private noteAll({ refused, notes }: Delivered): void {
    for (const problem of refused) this.note(problem);
    for (const note of notes) this.tell(note);
  }

  private note(problem: string): void {
    this.problems.add(problem);
    this.tell(problem);
  }

  private tell(problem: string): void {
    if (this.told.has(problem)) return;
    this.told.add(problem);
    try {
      this.options.onProblem?.(problem);
    } catch {
      // A listener that fails must not fail the run; close() gives the problems back.
    }
  }
}

function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
