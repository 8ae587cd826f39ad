import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { RunEvent, Tracker, TrackerContext } from '@promptweave/core';

/** A value of a run. NaN and the infinities are no numbers of JSON, so values are text. */
export interface Line {
  readonly run: string;
  readonly step: number;
  readonly key: string;
  readonly value: string;
}

/** Appends every value to a file, one JSON object a line, and each only once, a run that goes on included. */
export class LinesTracker implements Tracker {
  readonly name = 'PLUGIN_NAME';
  private run: string;
  private readonly known = new Set<string>();
  private readonly problems: string[] = [];
  private closed = false;

  constructor(
    private readonly context: TrackerContext,
    private readonly file: string,
  ) {
    this.run = context.folder;
  }

  /** A tracker is a guest: it never throws, and says later what went wrong. */
  record(event: RunEvent): void {
    if (this.closed || this.problems.length > 0) return;
    try {
      if (event.type === 'start') this.begin(event.id ?? this.context.folder);
      if (event.type === 'metrics') this.append(event.step, event.values);
    } catch (error) {
      this.complain(`Values are no longer written to ${this.file}: ${(error as Error).message}`);
    }
  }

  close(): Promise<readonly string[]> {
    this.closed = true;
    return Promise.resolve(this.problems);
  }

  private begin(run: string): void {
    this.run = run;
    for (const line of readLines(this.file)) if (line.run === run) this.known.add(`${line.step} ${line.key}`);
  }

  private append(step: number, values: Readonly<Record<string, number>>): void {
    const fresh = Object.entries(values).filter(([key]) => !this.known.has(`${step} ${key}`));
    for (const [key] of fresh) this.known.add(`${step} ${key}`);
    const lines = fresh.map(([key, value]): Line => ({ run: this.run, step, key, value: String(value) }));
    appendFileSync(this.file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  private complain(problem: string): void {
    this.problems.push(problem);
    try {
      this.context.onProblem?.(problem);
    } catch {
      // Whoever listens must not end the run.
    }
  }
}

/** What stands in the file; a line that a crash cut off is left out. */
export function readLines(file: string): Line[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Line];
      } catch {
        return [];
      }
    });
}
