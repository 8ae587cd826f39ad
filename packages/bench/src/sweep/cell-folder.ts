import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { ConfigError, type ProtocolSummary } from '@promptweave/core';
import {
  claimantOf,
  clearDamage,
  damageOf,
  DamagedFileError,
  readOwnJson,
  readOwnText,
  replaceOwn,
  runFiles,
  toYaml,
  type Claimant,
} from '@promptweave/core/experiment';
import { z } from 'zod';
import type { CellIdentity, PlannedCell } from './plan.js';
import { validationCurve } from './search/validation-curve.js';
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
  /** After how many epochs the cell stops for now: a search decides whether it goes on. */
  limit: 'limit.json',
} as const;

/** What a finished cell is told by. */
export interface CellOutcome {
  /** The figures of the protocol, fractions in [0, 1]. */
  readonly summary: ProtocolSummary;
  /** Learned parameters. */
  readonly parameters: number;
  /** Training alone. */
  readonly seconds: number;
  readonly evaluationSeconds: number;
  /** Epochs after which validation ended the training early. */
  readonly stoppedAfter?: number;
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
  /** It would fail in the same way again: it is not tried again by itself. */
  readonly final?: boolean;
  /** Of an error that is a bug. */
  readonly stack?: string;
  /** The checkpoints that were there, each with its time: as many losses as of one mark came no further. */
  readonly reached?: string;
  readonly date: string;
}

/** Where a cell stands; read from its folder alone. */
export type CellState =
  | { readonly status: 'finished'; readonly outcome: CellOutcome }
  | { readonly status: 'failed'; readonly failures: readonly CellFailure[] }
  | { readonly status: 'running'; readonly claimant: Claimant }
  /** A search has stopped it after so many epochs; it goes on where it stands, if it is among the best. */
  | { readonly status: 'paused'; readonly epochs: number }
  | {
      readonly status: 'waiting' | 'interrupted';
      readonly failures: readonly CellFailure[];
      /** The file for which a cell that was finished counts as unfinished. */
      readonly damage?: DamagedFileError;
    };

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

const figure = z.looseObject({
  value: z.number(),
  unit: z.string().optional(),
  better: z.enum(['more', 'less']).optional(),
  leads: z.boolean().optional(),
});
const outcome = z.looseObject({
  // A figure that is no number, as of no images, is written as null: there is none.
  summary: z
    .record(z.string(), z.union([z.number(), figure, z.null(), z.looseObject({ value: z.null() })]))
    .transform((figures) => Object.fromEntries(Object.entries(figures).filter(([, entry]) => isMeasured(entry)))),
  parameters: z.number(),
  seconds: z.number(),
  evaluationSeconds: z.number(),
  stoppedAfter: z.number().optional(),
  date: z.string(),
});
const failure = z.looseObject({ kind: z.enum(['error', 'lost']), message: z.string(), date: z.string() });

const limitFile = z.object({ epochs: z.int().min(1).nullable() });

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
    contents: z.record(z.string(), z.string()).optional(),
  }),
  /** Folder that relative paths of the configuration refer to, as seen from this folder. */
  configurationFolder: z.string(),
  /** What the process that runs it must compute on. */
  backend: z.string().default('auto'),
  /** The sweep, as trackers know it. */
  sweep: z.object({ id: z.string(), name: z.string() }),
});

/** Cells of equal text can share a process: the backend, and what its products round to. */
function computesOn({ runtime: { backend, tf32, precision } }: PlannedCell['configuration']): string {
  return [backend, ...(tf32 ? ['TF32'] : []), ...(precision === 'float32' ? [] : [precision])].join(', ');
}

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
    if (!existsSync(file) || !this.isFinished) replaceOwn(file, toYaml(configuration));
    const folder = relative(this.path, resolve(configurationFolder)) || '.';
    const backend = computesOn(configuration);
    const described = { format: 1, id, name, standsFor, values, identity, configurationFolder: folder, backend, sweep };
    replaceOwn(this.file('cell'), `${JSON.stringify(described, undefined, 2)}\n`);
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
      const cell = readOwnJson(this.file('cell'), described)!;
      return { ...cell, configurationFolder: resolve(this.path, cell.configurationFolder) };
    } catch (cause) {
      throw new ConfigError('What the cell was planned as cannot be read.', {
        where: this.file('cell'),
        remedy: 'Remove the folder of the cell, and run the sweep again: it makes this cell anew and keeps the others.',
        cause,
      });
    }
  }

  /** Whether the cell has its result, and all of its files are as they were written. */
  get isFinished(): boolean {
    return this.outcome() !== undefined;
  }

  state({ retries }: Patience): CellState {
    const outcome = this.outcome();
    if (outcome) return { status: 'finished', outcome };
    const damage = this.damage();
    const claimant = existsSync(this.path) ? claimantOf(this.path) : undefined;
    if (claimant) return { status: 'running', claimant };
    const failures = this.failures();
    const errors = failures.filter(({ kind }) => kind === 'error');
    if (errors.length > retries || errors.some(({ final }) => final) || this.isLostAgain(failures))
      return { status: 'failed', failures };
    const limit = this.stopsAfter();
    if (limit !== undefined && limit !== Infinity && validationCurve(this.path).points.has(limit)) {
      return { status: 'paused', epochs: limit };
    }
    const begun = existsSync(join(this.path, runFiles.metrics));
    return { status: begun ? 'interrupted' : 'waiting', failures, ...(damage && { damage }) };
  }

  outcome(): CellOutcome | undefined {
    const found = this.finished();
    return found instanceof DamagedFileError ? undefined : found;
  }

  /** The outcome, or which file of a cell that has one is damaged. */
  private finished(): CellOutcome | DamagedFileError | undefined {
    try {
      const found = readOwnJson(this.file('outcome'), outcome) as CellOutcome | undefined;
      return found && (damageOf(this.path) ?? found);
    } catch (error) {
      if (error instanceof DamagedFileError) return error;
      throw error;
    }
  }

  /** The file for which a cell that has an outcome counts as unfinished. */
  damage(): DamagedFileError | undefined {
    const found = this.finished();
    return found instanceof DamagedFileError ? found : undefined;
  }

  /**
   * Puts aside what keeps the cell from being run: folders where its files belong, a checkpoint that cannot be read.
   * @returns what was put aside
   */
  clear(): string[] {
    return clearDamage(this.path);
  }

  /** A line that a dying process left half-written counts as none. */
  failures(): CellFailure[] {
    return (textOf(this.file('failures')) ?? '').split('\n').flatMap(parseFailure);
  }

  finish(outcome: CellOutcome): void {
    replaceOwn(this.file('outcome'), `${JSON.stringify(outcome, undefined, 2)}\n`);
  }

  /** @throws ConfigError where the folder is no longer there */
  fail(failure: Omit<CellFailure, 'date'>): void {
    this.requireThere();
    const file = this.file('failures');
    const line = `${JSON.stringify({ ...failure, reached: this.reached(), date: new Date().toISOString() })}\n`;
    const before = textOf(file);
    if (before === undefined) return replaceOwn(file, line);
    appendFileSync(file, /(^|\n)$/.test(before) ? line : `\n${line}`);
  }

  /** @throws ConfigError where somebody removed the folder, to which nothing can be written any more */
  requireThere(): void {
    if (existsSync(this.path)) return;
    throw new ConfigError('The folder of this cell was removed while the sweep ran.', {
      where: this.path,
      remedy: 'Run the same command again: it makes the folder anew, and begins with what was lost.',
    });
  }

  /** Lets the cell train to the end of so many epochs, or to its own end (`Infinity`). */
  stopAfter(epochs: number): void {
    replaceOwn(this.file('limit'), `${JSON.stringify({ epochs: epochs === Infinity ? null : epochs })}\n`);
  }

  /** Epochs after which the cell stops for now; `Infinity` where a search lets it go to its end; undefined where none has it. */
  stopsAfter(): number | undefined {
    try {
      const found = readOwnJson(this.file('limit'), limitFile);
      return found && (found.epochs ?? Infinity);
    } catch (error) {
      if (error instanceof DamagedFileError) return undefined; // the search decides anew
      throw error;
    }
  }

  /** Lets the cell be of no search any more. */
  unlimit(): void {
    rmSync(this.file('limit'), { force: true });
  }

  /** Lets a failed cell begin anew. */
  forgive(): void {
    rmSync(this.file('failures'), { force: true });
  }

  private isLostAgain(failures: readonly CellFailure[]): boolean {
    const lost = failures.filter(({ kind }) => kind === 'lost');
    if (lost.length < LOST) return false;
    const now = this.reached();
    return lost.filter(({ reached }) => reached === now).length >= LOST;
  }

  /** The checkpoints that are there, also those of stages, each with its time: compared for equality alone, whatever the clocks say. */
  private reached(): string {
    const files = readdirSync(this.path, { recursive: true, encoding: 'utf8' });
    const checkpoints = files.filter((file) => basename(file) === runFiles.resume);
    const times = checkpoints.map((file) => statSync(join(this.path, file), { throwIfNoEntry: false })?.mtimeMs);
    return checkpoints.map((file, i) => `${file} ${times[i]}`).join(', ');
  }

  private file(name: keyof typeof cellFiles): string {
    return join(this.path, cellFiles[name]);
  }
}

function isMeasured(entry: unknown): boolean {
  return (
    typeof entry === 'number' ||
    (typeof entry === 'object' && entry !== null && 'value' in entry && entry.value !== null)
  );
}

/** Undefined where there is no such file, or something else in its place. */
function textOf(path: string): string | undefined {
  try {
    return readOwnText(path);
  } catch (error) {
    if (error instanceof DamagedFileError) return undefined;
    throw error;
  }
}

function parseFailure(line: string): CellFailure[] {
  try {
    return line === '' ? [] : [failure.parse(JSON.parse(line)) as CellFailure];
  } catch {
    return [];
  }
}
