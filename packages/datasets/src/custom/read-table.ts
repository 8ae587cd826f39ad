import { dirname, isAbsolute, relative } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { z } from 'zod';
import { checkRelativePath, FileImage } from '../readers/file-image.js';
import { named } from '../readers/left-out.js';
import { shapeFaults } from '../readers/shape-faults.js';
import type { Splits } from '../readers/splits.js';
import { checkClasses, checkTrained } from './check-classes.js';
import { checkListedOnce } from './check-listed-once.js';
import { checkNotJoined, severalLabels } from './one-label.js';
import { splitBySeed } from './split-by-seed.js';
import { columnsOf, type Columns } from './table-columns.js';
import { rowsOf, type RawRow } from './table-rows.js';
import { readTableText } from './table-text.js';

const rowSchema = z.object({
  path: z.string(),
  label: z.union([
    z.string(),
    z.number().transform(String),
    z.boolean().transform(String),
    z.array(z.union([z.string(), z.number().transform(String)])).min(1),
  ]),
  split: z.enum(['train', 'val', 'test']).optional(),
  domain: z.union([z.string(), z.number().transform(String)]).optional(),
});

/** Other names of the splits. */
const SPLITS: Readonly<Record<string, string>> = {
  validation: 'val',
  valid: 'val',
  dev: 'val',
  training: 'train',
  testing: 'test',
};

/**
 * Reads a list of images: CSV, with any usual separator and heading, or JSON objects; `path`, `label` and, if wanted, `split` and
 * `domain`. Labels are class names, sorted; paths are relative to the file, or absolute and below its folder. Without splits, the images are
 * split 50 : 20 : 30 by `splitSeed`.
 */
export async function readTable(file: string, splitSeed: number): Promise<Splits> {
  const root = dirname(file);
  const text = await readTableText(file);
  let raw: RawRow[];
  let columns: Columns;
  try {
    raw = rowsOf(text, file);
    if (raw.length === 0) throw new Error('it has no rows');
    columns = columnsOf(raw);
  } catch (cause) {
    throw new DatasetError(`The list cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      where: file,
      remedy: 'Write a CSV file with the heading path,label, or one JSON object a line with path and label.',
      cause,
    });
  }
  const rows = raw.map(({ line, value }) => readRow(value, columns, root, `${file}, line ${line}`, `line ${line}`));
  checkNotJoined([...new Set(rows.map(({ label }) => label))], file);
  const classNames = [...new Set(rows.map(({ label }) => label))].sort();
  checkClasses(classNames, file);
  checkListedOnce(rows, file);
  const notes = notesOn(columns, classNames, rows);
  const labels = new Map(classNames.map((name, label) => [name, label]));
  const items = rows.map(({ path, label, domain, split }) => ({
    split,
    item: new FileImage(root, path, labels.get(label) as number, domain),
  }));
  const unsplit = items.filter(({ split }) => split === undefined);
  if (unsplit.length === items.length) {
    const all = items.map(({ item }) => item);
    return { classNames, notes, ...splitBySeed(all, classNames, splitSeed, root) };
  }
  if (unsplit.length > 0) {
    throw new DatasetError(`${unsplit.length} of ${items.length} rows name no split.`, {
      where: file,
      remedy: 'Give a split in every row, or in none.',
    });
  }
  const choose = (name: string): FileImage[] => items.filter(({ split }) => split === name).map(({ item }) => item);
  const [train, val, test] = [choose('train'), choose('val'), choose('test')];
  checkTrained(classNames, train, file);
  return { classNames, notes, train, val: test.length > 0 ? val : [], test: test.length > 0 ? test : val };
}

interface Row {
  readonly path: string;
  readonly label: string;
  readonly split?: 'train' | 'val' | 'test';
  readonly domain?: string;
  readonly row: string;
}

function readRow(value: unknown, columns: Columns, root: string, where: string, row: string): Row {
  const cells = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const split = columns.split && cells[columns.split];
  const parsed = rowSchema.safeParse({
    path: cells[columns.path],
    label: cells[columns.label],
    split: typeof split === 'string' ? (SPLITS[split.toLowerCase()] ?? split.toLowerCase()) : split,
    domain: columns.domain && cells[columns.domain],
  });
  if (!parsed.success) {
    throw new DatasetError(`The row is wrong: ${shapeFaults(parsed.error)}`, {
      where,
      remedy: 'Give path and label, and, if wanted, split (train, val or test) and domain.',
    });
  }
  const { label, path, ...rest } = parsed.data;
  if (Array.isArray(label) && label.length > 1) {
    throw severalLabels(`The image ${JSON.stringify(path)} has the labels ${label.join(', ')}.`, where);
  }
  return { ...rest, label: Array.isArray(label) ? label[0]! : label, path: pathBelow(root, path, where), row };
}

/** A path as it is written on any system, below the folder of the list. */
function pathBelow(root: string, path: string, where: string): string {
  const slashed = path.replaceAll('\\', '/');
  const below = isAbsolute(slashed) ? relative(root, slashed).replaceAll('\\', '/') : slashed;
  return checkRelativePath(isAbsolute(slashed) && below.startsWith('..') ? path : below, where);
}

/** What a person should know about how the list was understood. */
function notesOn(columns: Columns, classNames: readonly string[], rows: readonly Row[]): string[] {
  const usual = columns.path === 'path' && columns.label === 'label';
  const numbers = classNames.every((name) => /^[-+]?\d+(\.\d+)?$/.test(name));
  return [
    ...(usual ? [] : [`Paths are read from the column "${columns.path}", labels from "${columns.label}".`]),
    ...(numbers
      ? [
          `The labels are numbers (${named(classNames)}), and stand as class names as they are: a text model knows little of them. ` +
            'Write the names of the classes instead.',
        ]
      : []),
    ...(rows.some(({ domain }) => domain !== undefined) && rows.some(({ domain }) => domain === undefined)
      ? ['Some rows have a domain and others have none.']
      : []),
  ];
}
