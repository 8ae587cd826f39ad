import { mean, readStudy, rowOf, unique } from './data.mjs';
import { count, percent, points, table } from './text.mjs';

/**
 * What each method of a study learns, how long it trains and what that brings, on the average of the data sets. Of the seeds the
 * shortest training counts, for other work on the machine only makes it longer.
 */
export function costs(study, figure) {
  const { rows, cells } = readStudy(study);
  const sets = unique(rows.map((row) => row['dataset.use']));
  const isComplete = (name) => sets.every((set) => rowOf(rows, { name, figure, 'dataset.use': set }));
  return unique(rows.map(({ name }) => name))
    .filter(isComplete)
    .map((name) => {
      const over = (valueOf) => mean(sets.map(valueOf));
      const least = (cost) => (set) => {
        const own = cells.filter((cell) => cell.name === name && cell['dataset.use'] === set && cell.figure === cost);
        return Math.min(...own.map(({ value }) => value));
      };
      const row = (set) => rowOf(rows, { name, figure, 'dataset.use': set });
      const isBaseline = row(sets[0]).difference === undefined;
      return {
        name,
        learned: over(least('learned values')),
        seconds: over(least('training time')),
        value: over((set) => row(set).value),
        ...(!isBaseline && { difference: over((set) => row(set).difference) }),
      };
    });
}

/** The same as a table, from the shortest training to the longest. */
export function costTable(study, figure) {
  const lines = costs(study, figure).sort((a, b) => a.seconds - b.seconds);
  return table(
    ['', 'learned values', 'training, s', `${figure}, mean`, 'gain'],
    lines.map(({ name, learned, seconds, value, difference }) => [
      ...[name, count(learned), seconds === 0 ? '–' : String(Number(seconds.toPrecision(2))), percent(value)],
      difference === undefined ? '' : points(difference),
    ]),
  );
}
