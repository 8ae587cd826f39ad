import { dirname } from 'node:path';
import type { Tracker } from '@promptweave/core';
import { createTracker, type Registry, type ResolvedConfiguration } from '@promptweave/core/experiment';

/** Milliseconds that the end of a process's work waits for what is still to be delivered. */
const LAST_DELIVERY = 5000;

/** The trackers of the cells that one process runs. No cell waits for the delivery of another. */
export class CellTrackers {
  private readonly closing: Promise<readonly string[]>[] = [];
  private readonly told = new Set<string>();
  private readonly deadline = new AbortController();

  /** @param onProblem told once of each thing that goes wrong */
  constructor(private readonly onProblem: (problem: string) => void) {}

  /**
   * Works on a cell with its tracker, which is closed in the background.
   * @throws ConfigError where the tracker cannot be made, and what `work` throws
   */
  async with<T>(
    folder: string,
    configuration: ResolvedConfiguration,
    registry: Registry,
    work: (tracker: Tracker) => Promise<T>,
  ): Promise<T> {
    const sweepFolder = dirname(dirname(folder));
    const onProblem = (problem: string): void => this.tell(problem);
    const tracker = createTracker(configuration, registry, { folder, sweepFolder, onProblem });
    try {
      return await work(tracker);
    } finally {
      this.closing.push(tracker.close(this.deadline.signal));
    }
  }

  /** Waits for the last deliveries, for some seconds at most. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.deadline.abort(), LAST_DELIVERY);
    const left = await Promise.all(this.closing);
    clearTimeout(timer);
    for (const problem of left.flat()) this.tell(problem);
  }

  private tell(problem: string): void {
    if (this.told.has(problem)) return;
    this.told.add(problem);
    this.onProblem(problem);
  }
}
