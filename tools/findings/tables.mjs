import { deviation, mean, readStudy, readStudyOn, rowOf, unique } from './data.mjs';
import { count, percent, points, table } from './text.mjs';

/** Mean ± deviation over the seeds. */
export function valueText({ value, deviation: spread }) {
  return percent(value) + (spread === undefined ? '' : ` ± ${percent(spread)}`);
}

/** The difference to the study's baseline with its 95 % interval. */
export function differenceText({ difference, differenceLow: low, differenceHigh: high }) {
  if (low === undefined) return points(difference);
  return `${points(difference)} [${points(low)}, ${points(high)}]${low > 0 || high < 0 ? '†' : ''}`;
}

/** Both, one below the other. */
function cellText(row) {
  if (!row) return '';
  return row.difference === undefined ? valueText(row) : `${valueText(row)}<br>${differenceText(row)}`;
}

/** What a row learns, over its data sets. */
function learned(cells, name) {
  const values = cells
    .filter((cell) => cell.name === name && cell.figure === 'learned values')
    .map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? count(least) : `${count(least)}–${count(most)}`;
}

/** Rows by names, one figure in columns by an axis. */
function byAxis({ rows, cells }, figure, axis, title) {
  const places = unique(rows.map((row) => row[axis]));
  const hasMean = axis === 'dataset.use' && places.length > 1;
  return table(
    ['', 'learned values', ...places.map(title), ...(hasMean ? ['mean'] : [])],
    unique(rows.map(({ name }) => name)).map((name) => {
      const found = places.map((place) => rowOf(rows, { name, figure, [axis]: place }));
      const all = found.every(Boolean) ? percent(mean(found.map(({ value }) => value))) : '';
      return [name, learned(cells, name), ...found.map(cellText), ...(hasMean ? [all] : [])];
    }),
  );
}

export const byDataset = (study, figure) =>
  byAxis(readStudy(study), figure, 'dataset.use', (set) => `${set}, ${figure}`);

export const byShots = (study, figure, set) =>
  byAxis(readStudyOn(study, set), figure, 'dataset.shots', (shots) => `${shots} ${shots === '1' ? 'shot' : 'shots'}`);

/** Rows by names, figures of one data set as columns by their titles. */
export function byFigure(study, titles, set) {
  const { rows, cells } = readStudyOn(study, set);
  return table(
    ['', 'learned values', ...Object.values(titles)],
    unique(rows.map(({ name }) => name)).map((name) => [
      name,
      learned(cells, name),
      ...Object.keys(titles).map((figure) => cellText(rowOf(rows, { name, figure }))),
    ]),
  );
}

/** Deviations over the seeds, and how many seeds a difference of one point needs. */
export function chance(set) {
  const { cells } = readStudyOn('chance', set);
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
