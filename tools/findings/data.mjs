import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';

const NUMBERS = ['seed', 'value', 'low', 'high', 'deviation', 'seeds', 'difference', 'differenceLow', 'differenceHigh'];

/** Where the numbers of the studies lie, as `promptweave report --format csv` gives them. */
export const results = new URL('../../examples/studies/results/', import.meta.url);

/** One study: its rows (means over seeds) and its cells, as objects by column. */
export function readStudy(name) {
  const lines = parse(readFileSync(new URL(`${name}.csv`, results)), { columns: true }).map((line) => ({
    ...line,
    ...Object.fromEntries(NUMBERS.map((key) => [key, line[key] === '' ? undefined : Number(line[key])])),
  }));
  const cells = lines.filter((line) => line.of === 'cell');
  const rows = lines.filter((line) => line.of === 'row');
  return { name, cells, rows, commits: unique(cells.map((cell) => cell.commit)) };
}

/** What a study found on one of its data sets. */
export function readStudyOn(name, set) {
  const { rows, cells } = readStudy(name);
  const isOfSet = (line) => line['dataset.use'] === set;
  return { name, cells: cells.filter(isOfSet), rows: rows.filter(isOfSet) };
}

/** The row with these values. */
export const rowOf = (rows, values) =>
  rows.find((row) => Object.entries(values).every(([key, value]) => row[key] === value));

export const unique = (values) => [...new Set(values)];
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

export function deviation(values) {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}
