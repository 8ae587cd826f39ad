import { DatasetError } from '@promptweave/core';
import { parse, type Options } from 'csv-parse/sync';
import { described } from '../readers/quoted.js';
import { findColumns, matchColumns, type Columns, type Role } from './table-columns.js';

/** What one row says, by the role of its columns. */
export interface TableRow {
  /** The line where it stands, from 1. */
  readonly line: number;
  readonly cells: { readonly [role in Role]?: unknown };
}

/** The rows of a table, and what a person should know of how they were read. */
export interface Table {
  readonly rows: readonly TableRow[];
  readonly notes: readonly string[];
}

const SEPARATORS = [',', '\t', ';', '|'];
/** Characters of the longest row; longer ones come of a quote that is never closed. */
const LONGEST_ROW = 2 ** 20;
const OPTIONS: Options = {
  skip_empty_lines: true,
  skip_records_with_empty_values: true,
  ltrim: true,
  record_delimiter: ['\r\n', '\n', '\r'],
  max_record_size: LONGEST_ROW,
};

/**
 * Reads a table: JSON (an object a line, or one list) where the file's name or its first sign says so, otherwise a heading and
 * rows, separated by commas, tabs, semicolons or bars.
 *
 * @throws DatasetError naming the line
 */
export function parseTable(text: string, file: string): Table {
  const isJson = /\.(jsonl|ndjson|json)$/i.test(file) || /^\s*[[{]/.test(text);
  return isJson ? parseJson(text, file) : parseCsv(text, file);
}

function unreadable(what: string, where: string, cause?: unknown): DatasetError {
  return new DatasetError(`The table cannot be read: ${what}.`, {
    where,
    remedy: 'Write a CSV file with a heading, or one JSON object a line, with path and label.',
    cause,
  });
}

function parseCsv(whole: string, file: string): Table {
  // Excel's first line "sep=;" goes; its line stays, so that lines are counted as an editor counts them.
  const text = whole.replace(/^sep=[^\r\n](?=[\r\n])/i, '');
  let records: { record: string[]; info: { lines: number } }[];
  try {
    // csv-parse's types do not know what `info` adds.
    records = parse(text, { ...OPTIONS, info: true, delimiter: separatorOf(text) }) as unknown as typeof records;
  } catch (cause) {
    const { message, lines } = cause as Error & { lines?: number };
    const short = message.length > 300 ? `${message.slice(0, 300)}…` : message;
    throw unreadable(short, lines === undefined ? file : `${file}, line ${lines}`, cause);
  }
  if (records.length === 0) return { rows: [], notes: [] };
  const [heading, ...rows] = records;
  const where = `${file}, line ${heading.info.lines}`;
  const isNumber = (index: number): boolean => rows.every(({ record }) => isIndex(record[index]));
  const { columns, notes } = findColumns(
    heading.record.map((name) => name.trim()),
    { where, isNumber },
  );
  return {
    rows: rows.map(({ record, info }) => ({ line: info.lines, cells: cellsOf(columns, (index) => record[index]) })),
    notes,
  };
}

/** The separator with which the heading names path and label; if none does, the one with most columns. */
function separatorOf(text: string): string {
  const start = text.slice(0, 2 ** 16);
  const tried = SEPARATORS.map((delimiter) => {
    let heading: string[] = [];
    try {
      [heading = []] = parse(start, { ...OPTIONS, to: 1, delimiter });
    } catch {
      // no heading with this separator
    }
    const { path, label } = matchColumns(heading);
    return { delimiter, fits: path.length > 0 && label.length > 0, columns: heading.length };
  });
  const most = Math.max(...tried.map(({ columns }) => columns));
  return (tried.find(({ fits }) => fits) ?? tried.find(({ columns }) => columns === most) ?? tried[0]).delimiter;
}

function parseJson(text: string, file: string): Table {
  const values = text.trimStart().startsWith('[') ? jsonList(text, file) : jsonLines(text, file);
  const rows = values.map(({ line, value }) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { line, row: new Map<string, unknown>(Object.entries(value)) };
    }
    throw unreadable(`row ${line} is ${described(value)}, not an object in braces`, `${file}, line ${line}`);
  });
  if (rows.length === 0) return { rows: [], notes: [] };
  const heading = [...new Set(rows.flatMap(({ row }) => [...row.keys()]))];
  const isNumber = (index: number): boolean => rows.every(({ row }) => isIndex(row.get(heading[index])));
  const { columns, notes } = findColumns(heading, { where: file, isNumber });
  return {
    rows: rows.map(({ line, row }) => ({ line, cells: cellsOf(columns, (index) => row.get(heading[index])) })),
    notes,
  };
}

interface Value {
  readonly line: number;
  readonly value: unknown;
}

function jsonLines(text: string, file: string): Value[] {
  return text.split(/\r\n?|\n/).flatMap((content, i) => {
    if (content.trim() === '') return [];
    try {
      return [{ line: i + 1, value: JSON.parse(content) as unknown }];
    } catch (cause) {
      throw unreadable(`line ${i + 1} is not JSON`, `${file}, line ${i + 1}`, cause);
    }
  });
}

/** One list of objects; its rows are counted, for its lines say nothing. */
function jsonList(text: string, file: string): Value[] {
  try {
    return (JSON.parse(text) as unknown[]).map((value, i) => ({ line: i + 1, value }));
  } catch (cause) {
    throw unreadable('it begins like a list in JSON and is none', file, cause);
  }
}

/** A number that stands for a class. */
function isIndex(cell: unknown): boolean {
  return typeof cell === 'number' || (typeof cell === 'string' && /^\d+$/.test(cell.trim()));
}

/** An empty cell is an absent value. */
function cellsOf(columns: Columns, cellAt: (index: number) => unknown): TableRow['cells'] {
  const cells = Object.entries(columns).map(([role, index]) => [role, cellAt(index)] as const);
  return Object.fromEntries(cells.filter(([, cell]) => cell !== '' && cell !== null));
}
