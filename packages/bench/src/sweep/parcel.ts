import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { runFiles } from '@promptweave/core/experiment';
import writeFileAtomic from 'write-file-atomic';
import { cellFiles, type CellFailure, type CellFolder } from './cell-folder.js';
import type { SweepEvent } from './engine.js';
import { walk } from './ray/collect-code.js';

/**
 * Where no folder is shared, a cell's files come home in the output of the process that ran it: lines of JSON behind this mark, among
 * which anything else may be printed.
 */
const MARK = '@promptweave ';

/** Bytes of a file in one line. */
const PIECE = 48 * 1024;

/** How a process left its cell. */
export type CellEnd =
  | { readonly status: 'finished' | 'stopped' }
  | { readonly status: 'failed'; readonly failure: Omit<CellFailure, 'date'> };

type Line =
  | { readonly event: SweepEvent }
  | { readonly file: string; readonly data: string }
  /** The last line: everything was said, and these are the digests (SHA-256) of the files. */
  | { readonly end: CellEnd; readonly files: Readonly<Record<string, string>> };

/** What came home so far. */
export interface Parcel {
  /** What people may read. */
  readonly log: string;
  /** The last thing that happened. */
  readonly event?: SweepEvent;
  /** There once everything arrived undamaged. */
  readonly arrived?: { readonly end: CellEnd; readonly files: ReadonlyMap<string, Buffer> };
}

/** Tells what happens, for `readParcel`. */
export function sendEvent(event: SweepEvent): void {
  write({ event });
}

/** Sends the files of a cell's folder and how it ended. What is at home already, or of use here alone, stays. */
export function sendCell(cell: CellFolder, end: CellEnd): void {
  const stays = (path: string): boolean =>
    [cellFiles.cell, cellFiles.failures, runFiles.configuration].some((name) => name === path) ||
    /(^|\/)(\.?claim[.-]|\.)/.test(path) ||
    path.endsWith('.tmp') ||
    (end.status === 'finished' && path.endsWith(runFiles.resume));
  const digests: Record<string, string> = {};
  for (const file of walk(cell.path, '').filter((path) => !stays(path))) {
    const content = readFileSync(join(cell.path, file));
    digests[file] = digestOf(content);
    const packed = gzipSync(content);
    for (let at = 0; at < packed.length; at += PIECE) {
      write({ file, data: packed.subarray(at, at + PIECE).toString('base64') });
    }
  }
  write({ end, files: digests });
}

/** Reads the output of a process that ran a cell. */
export function readParcel(output: string): Parcel {
  const log: string[] = [];
  let pieces = new Map<string, Buffer[]>();
  let event: SweepEvent | undefined;
  let arrived: Parcel['arrived'];
  for (const text of output.split('\n')) {
    if (!text.startsWith(MARK)) {
      log.push(text);
      continue;
    }
    const line = parse(text.slice(MARK.length));
    if (!line) continue; // cut off: the process was killed while it wrote
    if ('event' in line) event = line.event;
    else if ('file' in line)
      pieces.set(line.file, [...(pieces.get(line.file) ?? []), Buffer.from(line.data, 'base64')]);
    else {
      arrived = unpack(pieces, line);
      pieces = new Map();
    }
  }
  return { log: log.join('\n').trim(), ...(event && { event }), ...(arrived && { arrived }) };
}

/** Writes what came home into the cell's folder; the file that says that the cell is finished comes last. */
export function unpackInto(cell: CellFolder, files: ReadonlyMap<string, Buffer>): void {
  const last = ([name]: [string, Buffer]): number => (name === cellFiles.outcome ? 1 : 0);
  for (const [name, content] of [...files].sort((a, b) => last(a) - last(b))) {
    const path = join(cell.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileAtomic.sync(path, content);
  }
}

function unpack(
  pieces: ReadonlyMap<string, readonly Buffer[]>,
  { end, files }: { readonly end: CellEnd; readonly files: Readonly<Record<string, string>> },
): Parcel['arrived'] {
  const found = new Map<string, Buffer>();
  for (const [name, digest] of Object.entries(files)) {
    if (normalize(name).startsWith('..') || normalize(name).startsWith(sep)) return undefined;
    try {
      const content = gunzipSync(Buffer.concat(pieces.get(name) ?? []));
      if (digestOf(content) !== digest) return undefined;
      found.set(name, content);
    } catch {
      return undefined; // damaged on the way: as if it had not come
    }
  }
  return { end, files: found };
}

function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}

function write(line: Line): void {
  process.stdout.write(`${MARK}${JSON.stringify(line)}\n`);
}

function digestOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
