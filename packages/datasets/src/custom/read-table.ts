import { dirname } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { checkRelativePath, FileImage, readDataText } from '../readers/file-image.js';
import type { Splits } from '../readers/splits.js';
import { checkClasses, checkTrained } from './check-classes.js';
import { checkListedOnce } from './check-listed-once.js';
import { splitBySeed } from './split-by-seed.js';

const rowSchema = z.object({
  path: z.string(),
  label: z.union([z.string(), z.number().transform(String)]),
  split: z.enum(['train', 'val', 'test']).optional(),
  domain: z.string().optional(),
});

/** Rows with the line that each begins at. */
interface RawRow {
  readonly line: number;
  readonly value: unknown;
}

function parseCsv(text: string): RawRow[] {
  const records: { record: Record<string, string>; info: { lines: number } }[] = parse(text, {
    columns: true,
    bom: true,
    skip_empty_lines: true,
    trim: true,
    info: true,
  });
  return records.map(({ record, info }) => ({
    line: info.lines,
    // An empty cell is an absent value.
    value: Object.fromEntries(Object.entries(record).filter(([, cell]) => cell !== '')),
  }));
}

function parseJsonLines(text: string): RawRow[] {
  return text.split(/\r?\n/).flatMap((content, i) => {
    if (content.trim() === '') return [];
    try {
      return [{ line: i + 1, value: JSON.parse(content) as unknown }];
    } catch (cause) {
      throw new Error(`line ${i + 1} is not JSON`, { cause });
    }
  });
}

/**
 * Reads a CSV (with a heading) or JSON Lines file of `path`, `label` and, if wanted, `split` and `domain`. Labels are class
 * names, sorted; paths are relative to the file. Without splits, the images are split 50 : 20 : 30 by `splitSeed`.
 */
export async function readTable(file: string, splitSeed: number): Promise<Splits> {
  const root = dirname(file);
  const text = await readDataText(file);
  let raw: RawRow[];
  try {
    raw = /\.csv$/i.test(file) ? parseCsv(text) : parseJsonLines(text);
  } catch (cause) {
    throw new DatasetError(`The table cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      where: file,
      remedy: 'Write a CSV file with a heading, or one JSON object a line, with path and label.',
      cause,
    });
  }
  const rows = raw.map(({ line, value }) => {
    const where = `${file}, line ${line}`;
    const parsed = rowSchema.safeParse(value);
    const row = `line ${line}`;
    if (parsed.success) return { ...parsed.data, path: checkRelativePath(parsed.data.path, where), row };
    throw new DatasetError(`The row is wrong: ${z.prettifyError(parsed.error)}`, {
      where,
      remedy: 'Give path and label, and, if wanted, split (train, val or test) and domain.',
    });
  });

  const classNames = [...new Set(rows.map(({ label }) => label))].sort();
  checkClasses(classNames, file);
  checkListedOnce(rows, file);
  const labels = new Map(classNames.map((name, label) => [name, label]));
  const items = rows.map(({ path, label, domain, split }) => ({
    split,
    item: new FileImage(root, path, labels.get(label) as number, domain),
  }));
  const unsplit = items.filter(({ split }) => split === undefined);
  if (unsplit.length === items.length) {
    const all = items.map(({ item }) => item);
    return { classNames, ...splitBySeed(all, classNames, splitSeed, root) };
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
  return { classNames, train, val: test.length > 0 ? val : [], test: test.length > 0 ? test : val };
}
