import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { RunEvent, RunStart } from '@promptweave/core';
import { canonicalJson } from '@promptweave/core/experiment';
import { addressProblem } from './address.js';
import { STATE } from './delivery-state.js';
import { toLine, type JournalEntry } from './journal-entry.js';
import { JOURNAL, parseEntry } from './read-journal.js';

/**
 * The append-only record of a run, one line of JSON an event, in the run's folder. A line is in the hands of the operating
 * system when `append` returns, so the death of the process loses nothing.
 *
 * A run that goes on appends to its journal. Steps that it repeats since its last checkpoint are in there already and are
 * not noted again, so that every metric has one value a step.
 */
export class Journal {
  private readonly lastSteps = new Map<string, number>();
  private seq = 0;
  private size = 0;

  private constructor(private readonly file: number) {}

  /** Opens the journal of a run, and notes the start. A journal of another run is renamed, its delivery with it. */
  static begin(folder: string, start: RunStart): Journal {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, JOURNAL);
    let known = existingEntries(path);
    const first = known.entries.find((entry) => entry.type === 'start');
    if (first && !isSameRun(first, start)) {
      setAside(folder);
      known = { entries: [], size: 0 };
    }
    const journal = new Journal(openSync(path, existsSync(path) ? 'r+' : 'w+'));
    try {
      journal.goOn(known.entries, known.size);
      const id = known.entries.length > 0 && first ? first.id : (start.id ?? randomUUID());
      journal.append({ ...start, id, configuration: withoutSecrets(start.configuration) });
      return journal;
    } catch (error) {
      journal.close();
      throw error;
    }
  }

  /** Writes the whole journal of a run that ended: the start, and what came after it. Where an event is none, there is no journal. */
  static write(folder: string, [start, ...events]: readonly RunEvent[]): void {
    const path = join(folder, JOURNAL);
    try {
      const journal = Journal.begin(folder, start as RunStart);
      try {
        for (const event of events) journal.append(event);
      } finally {
        journal.close();
      }
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  }

  /** Notes an event. A write that fails leaves the journal as it was. */
  append(event: RunEvent): void {
    const kept = event.type === 'metrics' ? this.unknownValues(event) : event;
    if (!kept) return;
    const bytes = Buffer.from(toLine(kept, this.seq + 1, Date.now()), 'utf8');
    for (let written = 0; written < bytes.length;) {
      written += writeSync(this.file, bytes, written, bytes.length - written, this.size + written);
    }
    this.size += bytes.length;
    this.seq += 1;
    if (kept.type === 'metrics') for (const key of Object.keys(kept.values)) this.lastSteps.set(key, kept.step);
  }

  /** Of the values of this name that are noted; undefined where there are none. */
  lastStep(name: string): number | undefined {
    return this.lastSteps.get(name);
  }

  close(): void {
    closeSync(this.file);
  }

  private goOn(entries: readonly JournalEntry[], size: number): void {
    ftruncateSync(this.file, size); // takes away half a line
    this.size = size;
    this.seq = entries.length;
    for (const entry of entries) {
      if (entry.type !== 'metrics') continue;
      for (const key of Object.keys(entry.values)) this.lastSteps.set(key, entry.step);
    }
  }

  private unknownValues(event: RunEvent & { type: 'metrics' }): typeof event | undefined {
    const entries = Object.entries(event.values).filter(([key]) => event.step > (this.lastSteps.get(key) ?? -Infinity));
    return entries.length === 0 ? undefined : { ...event, values: Object.fromEntries(entries) };
  }
}

function existingEntries(path: string): { entries: JournalEntry[]; size: number } {
  if (!existsSync(path)) return { entries: [], size: 0 };
  const content = readFileSync(path);
  const size = content.lastIndexOf(10) + 1;
  const lines = content.toString('utf8', 0, size).split('\n').slice(0, -1);
  return { entries: lines.map((line) => parseEntry(line, path)), size };
}

/** Without an identity of its own, a run goes on with that of its folder where it does the same. */
function isSameRun(first: JournalEntry & { type: 'start' }, start: RunStart): boolean {
  if (start.id !== undefined) return first.id === start.id;
  return (
    canonicalJson(first.configuration) ===
    canonicalJson(JSON.parse(JSON.stringify(withoutSecrets(start.configuration))))
  );
}

/** A configuration as written may name a server that an override replaced, with a password in its address: that is not recorded. */
function withoutSecrets<T extends object>(configuration: T): T {
  const { tracker } = configuration as { tracker?: { uri?: unknown } };
  if (typeof tracker?.uri !== 'string' || !addressProblem(tracker.uri)) return configuration;
  return { ...configuration, tracker: { ...tracker, uri: undefined } };
}

function setAside(folder: string): void {
  let number = 1;
  while (existsSync(join(folder, `earlier-${number}-${JOURNAL}`))) number++;
  for (const file of [JOURNAL, STATE]) {
    if (existsSync(join(folder, file))) renameSync(join(folder, file), join(folder, `earlier-${number}-${file}`));
  }
}
