import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { journalEntry, type JournalEntry } from './journal-entry.js';
import { TrackingError } from './tracking-error.js';

/** Name of the journal in a run's folder. */
export const JOURNAL = 'journal.jsonl';

/** An entry and the offset in bytes of the one after it. */
export interface ReadEntry {
  readonly entry: JournalEntry;
  readonly next: number;
}

/**
 * The entries of a journal from an offset on, one after the other. A last line without its end is not there yet.
 * @throws TrackingError naming the line that is no entry
 */
export async function* readJournal(path: string, offset = 0): AsyncGenerator<ReadEntry, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  let next = offset;
  for await (const chunk of createReadStream(path, { start: offset })) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let begin = 0;
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10, begin)) {
      const line = rest.toString('utf8', begin, at);
      next += at + 1 - begin;
      begin = at + 1;
      yield { entry: parseEntry(line, path), next };
    }
    rest = rest.subarray(begin);
  }
}

/** @throws TrackingError where the line is no entry */
export function parseEntry(line: string, path: string): JournalEntry {
  try {
    return journalEntry.parse(JSON.parse(line));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new TrackingError(`A line of the journal is damaged: ${reason}`, {
      where: `${path}: ${line.slice(0, 80)}`,
      remedy: 'Take another copy of the file, or delete the line.',
      cause,
    });
  }
}
