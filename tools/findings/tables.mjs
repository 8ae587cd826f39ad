import { deviation, mean, readStudy, unique } from './data.mjs';
import { count, percent, points, table } from './text.mjs';

const figureOfRow = (rows, name, at, figure) =>
  rows.find((row) => row.name === name && row.figure === figure && Object.entries(at).every(([k, v]) => row[k] === v));

/** Mean ± deviation over the seeds, and below it the difference to the study's baseline with its 95 % interval. */
function cellText(row) {
  if (!row) return '';
  const spread = row.deviation === undefined ? '' : ` ± ${percent(row.deviation)}`;
  if (row.difference === undefined) return percent(row.value) + spread;
  const isSure = row.differenceLow > 0 || row.differenceHigh < 0;
  const bounds =
    row.differenceLow === undefined ? '' : ` [${points(row.differenceLow)}, ${points(row.differenceHigh)}]`;
  return `${percent(row.value)}${spread}<br>${points(row.difference)}${bounds}${isSure ? '†' : ''}`;
}

/** What a row learns, over its data sets. */
function learned(cells, name) {
  const values = cells
    .filter((cell) => cell.name === name && cell.figure === 'learned values')
    .map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? count(least) : `${count(least)}–${count(most)}`;
}

/** Rows by names, data sets as columns, one figure. */
export function byDataset(study, figure) {
  const { rows, cells } = readStudy(study);
  const names = unique(rows.map(({ name }) => name));
  const sets = unique(rows.map((row) => row['dataset.use']));
  return table(
    ['', 'learned values', ...sets.map((set) => `${set}, ${figure}`), ...(sets.length > 1 ? ['mean'] : [])],
    names.map((name) => {
      const found = sets.map((set) => figureOfRow(rows, name, { 'dataset.use': set }, figure));
      const all = found.every(Boolean) ? percent(mean(found.map(({ value }) => value))) : '';
      return [name, learned(cells, name), ...found.map(cellText), ...(sets.length > 1 ? [all] : [])];
    }),
  );
}

/** Deviations over the seeds, and how many seeds a difference of one point needs. */
export function chance() {
  const { cells } = readStudy('chance');
  const of = (name, figure) =>
    cells.filter((cell) => cell.name === name && cell.figure === figure).map(({ value }) => 100 * value);
  return table(
    ['what moves', 'base', 'novel', 'HM', 'range of HM', 'seeds for one point of HM'],
    unique(cells.map(({ name }) => name)).map((name) => {
      const hm = of(name, 'HM');
      return [
        name,
        ...['base', 'novel', 'HM'].map((figure) => deviation(of(name, figure)).toFixed(2)),
        `${Math.min(...hm).toFixed(1)}–${Math.max(...hm).toFixed(1)}`,
        seedsFor(deviation(hm), 1),
      ];
    }),
  );
}

/** Seeds of each of two methods, so that a difference is found with probability 0.8 at a level of 5 % (normal approximation). */
function seedsFor(spread, difference) {
  return String(Math.max(2, Math.ceil((2 * (1.959964 + 0.841621) ** 2 * spread ** 2) / difference ** 2)));
}
