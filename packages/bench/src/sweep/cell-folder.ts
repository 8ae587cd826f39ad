import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { ConfigError, type ProtocolSummary } from '@promptweave/core';
import { claimantOf, runFiles, toYaml, type Claimant } from '@promptweave/core/experiment';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import type { CellIdentity, PlannedCell } from './plan.js';
import type { SweepIdentity } from './sweep-identity.js';

/** Names of the files of a cell's folder, besides those of a run. */
export const cellFiles = {
  /** What the cell chooses, and its identity. */
  cell: 'cell.json',
  /** There if and only if the cell is finished. */
  outcome: 'outcome.json',
  /** A line of JSON for each attempt that failed. */
  failures: 'failures.jsonl',
  /** There while the cell is, or may be, a Ray job. */
  ray: 'ray.json',
} as const;

/** What a finished cell is told by. */
export interface CellOutcome {
  /** The figures of the protocol, fractions in [0, 1]. */
  readonly summary: ProtocolSummary;
  /** Learned numbers. */
  readonly parameters: number;
  /** Training alone. */
  readonly seconds: number;
  readonly evaluationSeconds: number;
  /** End, ISO 8601. */
  readonly date: string;
}

/** An attempt that failed: an error, or a process that was lost on the way. */
export interface CellFailure {
  readonly kind: 'error' | 'lost';
  readonly message: string;
  /** Class of the error, and the exit code of a command that it ends. */
  readonly name?: string;
  readonly exitCode?: number;
  readonly where?: string;
  readonly remedy?: string;
  /** Of an error that is a bug. */
  readonly stack?: string;
  readonly date: string;
}

/** Where a cell stands; read from its folder alone. */
export type CellState =
  | { readonly status: 'finished'; readonly outcome: CellOutcome }
  | { readonly status: 'failed'; readonly failures: readonly CellFailure[] }
  | { readonly status: 'running'; readonly claimant: Claimant }
  | { readonly status: 'waiting' | 'interrupted'; readonly failures: readonly CellFailure[] };

/** How often a cell may fail by itself, and how often its process may be lost. */
export interface Patience {
  /** Attempts after the first one that failed. */
  readonly retries: number;
}

/**
 * Processes may be ended from outside, by a scheduler for example, without the cell being to blame. But so many that are lost one after the
 * other without a newer checkpoint come no further: the cell may need more memory than there is.
 */
const LOST = 3;

const described = z.object({
  format: z.literal(1),
  id: z.string(),
  name: z.string().optional(),
  standsFor: z.array(z.string()).optional(),
  values: z.record(z.string(), z.unknown()),
  identity: z.object({
    configuration: z.string(),
    checkpoint: z.string(),
    plugins: z.record(z.string(), z.string()),
  }),
  /** Folder that relative paths of the configuration refer to, as seen from this folder. */
  configurationFolder: z.string(),
  /** `runtime.backend` of the configuration. */
  backend: z.string().default('auto'),
  /** The sweep, as trackers know it. */
  sweep: z.object({ id: z.string(), name: z.string() }),
});

/** The folder of one cell of a sweep: all that is known about it. */
export class CellFolder {
  constructor(readonly path: string) {}

  /** Identity of the cell: the folder is named after it. */
  get id(): string {
    return basename(this.path);
  }

  /** Writes what a cell is: its configuration once, what it is called as the present sweep calls it. */
  prepare(cell: PlannedCell, configurationFolder: string, sweep: SweepIdentity): void {
    const { id, name, standsFor, values, identity, configuration } = cell;
    mkdirSync(this.path, { recursive: true });
    const file = join(this.path, runFiles.configuration);
    // What does not count for the result, such as the tracker, is that of the present sweep.
    if (!existsSync(file) || !this.outcome()) writeFileAtomic.sync(file, toYaml(configuration));
    const folder = relative(this.path, resolve(configurationFolder)) || '.';
    const { backend } = configuration.runtime;
    const described = { format: 1, id, name, standsFor, values, identity, configurationFolder: folder, backend, sweep };
    writeFileAtomic.sync(this.file('cell'), `${JSON.stringify(described, undefined, 2)}\n`);
  }

  /** @throws ConfigError where the folder is not that of a cell */
  describe(): {
    id: string;
    name?: string;
    standsFor?: string[];
    values: Record<string, unknown>;
    identity: CellIdentity;
    configurationFolder: string;
    backend: string;
    sweep: SweepIdentity;
  } {
    if (!existsSync(this.file('cell')))
      throw new ConfigError('This is not the folder of a cell.', { where: this.path });
    try {
      const cell = described.parse(JSON.parse(readFileSync(this.file('cell'), 'utf8')));
      return { ...cell, configurationFolder: resolve(this.path, cell.configurationFolder) };
    } catch (cause) {
      throw new ConfigError('What the cell was planned as cannot be read.', {
        where: this.file('cell'),
        remedy: 'Remove the folder of the cell, and run the sweep again: it makes this cell anew and keeps the others.',
        cause,
      });
    }
  }

  state({ retries }: Patience): CellState {
    const outcome = this.outcome();
    if (outcome) return { status: 'finished', outcome };
    const claimant = existsSync(this.path) ? claimantOf(this.path) : undefined;
    if (claimant) return { status: 'running', claimant };
    const failures = this.failures();
    const errors = failures.filter(({ kind }) => kind === 'error').length;
    if (errors > retries || this.isLostAgain(failures)) return { status: 'failed', failures };
    const begun = existsSync(join(this.path, runFiles.metrics));
    return { status: begun ? 'interrupted' : 'waiting', failures };
  }

  outcome(): CellOutcome | undefined {
    return existsSync(this.file('outcome'))
      ? (JSON.parse(readFileSync(this.file('outcome'), 'utf8')) as CellOutcome)
      : undefined;
  }

  /** A line that a dying process left half-written counts as none. */
  failures(): CellFailure[] {
    if (!existsSync(this.file('failures'))) return [];
    return readFileSync(this.file('failures'), 'utf8').split('\n').flatMap(parseFailure);
  }

  finish(outcome: CellOutcome): void {
    writeFileAtomic.sync(this.file('outcome'), `${JSON.stringify(outcome, undefined, 2)}\n`);
  }

  fail(failure: Omit<CellFailure, 'date'>): void {
    const file = this.file('failures');
    const isWhole = !existsSync(file) || /(^|\n)$/.test(readFileSync(file, 'utf8'));
    const line = JSON.stringify({ ...failure, date: new Date().toISOString() });
    appendFileSync(file, `${isWhole ? '' : '\n'}${line}\n`);
  }

  /** Lets a failed cell begin anew. */
  forgive(): void {
    rmSync(this.file('failures'), { force: true });
  }

  private isLostAgain(failures: readonly CellFailure[]): boolean {
    const lost = failures.filter(({ kind }) => kind === 'lost');
    if (lost.length < LOST) return false;
    const last = this.lastCheckpoint();
    return lost.filter(({ date }) => Date.parse(date) > last).length >= LOST;
  }

  /** When the newest checkpoint was written, also one of a stage; milliseconds since 1970, 0 where there is none. */
  private lastCheckpoint(): number {
    const files = readdirSync(this.path, { recursive: true, encoding: 'utf8' });
    const checkpoints = files.filter((file) => basename(file) === runFiles.resume);
    const times = checkpoints.map((file) => statSync(join(this.path, file), { throwIfNoEntry: false })?.mtimeMs ?? 0);
    return Math.max(0, ...times);
  }

  private file(name: keyof typeof cellFiles): string {
    return join(this.path, cellFiles[name]);
  }
}

function parseFailure(line: string): CellFailure[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as CellFailure];
  } catch {
    return [];
  }
}
