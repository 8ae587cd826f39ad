import { dirname } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { FileImage, readDataText } from '../readers/file-image.js';
import { counted } from '../readers/left-out.js';
import { ListedPaths } from '../readers/listed-paths.js';
import { described } from '../readers/quoted.js';
import type { Splits } from '../readers/splits.js';
import { checkClasses, checkTrained } from './check-classes.js';
import { checkListedOnce, type ListedImage } from './check-listed-once.js';
import { parseTable, type TableRow } from './parse-table.js';
import { readLabel } from './read-label.js';
import { splitBySeed } from './split-by-seed.js';
import { splitCalled } from './split-folders.js';
import { checkJoined, notesOnLabels, trimLabels } from './table-labels.js';

/** One image of a table. */
interface TableImage extends ListedImage {
  readonly domain?: string;
}

function readRow({ line, cells }: TableRow, file: string, paths: ListedPaths): TableImage {
  const where = `${file}, line ${line}`;
  const wrong = (message: string): DatasetError =>
    new DatasetError(`The row is wrong: ${message}.`, {
      where,
      remedy: 'Give path and label, and, if wanted, split (train, val or test) and domain.',
    });
  const text = (role: 'path' | 'split' | 'domain'): string | undefined => {
    const cell = cells[role];
    if (cell === undefined) return undefined;
    if (typeof cell === 'string') return cell.trim();
    if (typeof cell === 'number' && role === 'domain') return String(cell);
    throw wrong(`the ${role} is ${described(cell)}, not text`);
  };
  const [path, domain] = [text('path'), text('domain')];
  if (path === undefined) throw wrong('it names no image');
  const called = text('split');
  const split = called === undefined ? undefined : splitCalled(called);
  if (called !== undefined && split === undefined) throw wrong(`the split is ${described(called)}`);
  return {
    path: paths.read(path, where),
    label: readLabel(cells.label, path, where),
    split,
    domain,
    row: `line ${line}`,
  };
}

/**
 * Reads a table of images (`parseTable`), with columns for `path`, `label` and, if wanted, `split` and `domain`. Labels are class
 * names, sorted; paths are relative to the file. Without splits, the images are split 50 : 20 : 30 by `splitSeed`.
 */
export async function readTable(file: string, splitSeed: number): Promise<Splits> {
  const root = dirname(file);
  const table = parseTable(await readDataText(file), file);
  const paths = new ListedPaths(root);
  if (table.rows.length === 0) {
    throw new DatasetError('The table has no rows.', {
      where: file,
      remedy: 'Write a heading, path,label, and a row for each image.',
    });
  }
  const written = table.rows.map((row) => readRow(row, file, paths));
  checkListedOnce(written, file);
  checkJoined(written, file);
  const { images, notes: trimmed } = trimLabels(written, file);
  const classNames = [...new Set(images.map(({ label }) => label))].sort();
  checkClasses(classNames, file);
  const notes = [...table.notes, ...paths.notes(), ...trimmed, ...notesOnLabels(classNames)];
  const withDomain = images.filter(({ domain }) => domain !== undefined).length;
  if (withDomain > 0 && withDomain < images.length) {
    notes.push(`${images.length - withDomain} of ${counted(images.length, 'row')} name no domain.`);
  }

  const labels = new Map(classNames.map((name, label) => [name, label]));
  const items = images.map(({ path, label, domain, split }) => ({
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
  if (test.length > 0) return { classNames, notes, train, val, test };
  if (val.length > 0) notes.push('There is no test split: tested on the images of val.');
  return { classNames, notes, train, val: [], test: val };
}
