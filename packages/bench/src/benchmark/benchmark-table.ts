import { harmonicMean, mean, standardDeviation } from '../protocols/means.js';
import type { StudiedCell, Study } from '../report/study.js';
import type { TextCell, TextTable } from '../report/table.js';
import { publishedFor, type PublishedEntry, type PublishedQuery } from './published.js';

/** Figures of one method on one data set, percent; one value for each seed. */
type Measured = Readonly<Record<string, readonly number[]>>;

/**
 * The table of a paper, for one number of shots: rows are methods, columns data sets and their average, for every figure of the protocol.
 * Published numbers of the same setting stand below, marked. Where there is a harmonic mean, it is given both ways: of the averages
 * and as the mean of the data sets' own.
 */
export function benchmarkTable(study: Study, query: Omit<PublishedQuery, 'trainedOn'>): TextTable {
  const cells = study.cells.filter(({ values }) => (values['dataset.shots'] ?? query.shots) === query.shots);
  const methods = [...new Set(cells.map(({ name = '' }) => name))];
  const datasets = [...new Set(cells.map(datasetOf))];
  const shown = study.figures.filter((figure) => figure !== 'macroF1');
  const bothWays = shown.includes('HM');
  const single = datasets.length === 1;
  const columns = single ? [datasets[0]!] : datasets;
  const extra = single ? [] : ['average', ...(bothWays ? ['HM of averages', 'mean of HMs'] : [])];

  const own = methods.map((method): TextCell[] => {
    const measured = columns.map((dataset) => measure(cells, method, dataset));
    return [
      { text: method },
      ...measured.flatMap((figures) => shown.map((figure) => number(text(figures[figure])))),
      ...(single ? [] : averages(measured, shown, bothWays)),
    ];
  });
  const entries = publishedFor({ ...query, trainedOn: single ? datasets[0] : undefined });
  const others = entries.map((entry) => publishedRow(entry, columns, shown, single, bothWays));
  const head = [
    'method',
    ...columns.flatMap((dataset) => shown.map((figure) => (shown.length > 1 ? `${dataset} ${figure}` : dataset))),
    ...(single ? [] : averageHeads(shown, extra)),
  ];
  return { head, rows: [...own, ...others] };
}

function averageHeads(shown: readonly string[], extra: readonly string[]): string[] {
  const plain = shown.filter((figure) => figure !== 'HM').map((figure) => `average ${figure}`);
  return [...plain, ...extra.slice(1)];
}

function datasetOf({ values }: StudiedCell): string {
  const { dataset } = values;
  return typeof dataset === 'object' && dataset !== null && 'use' in dataset ? String(dataset.use) : String(dataset);
}

function measure(cells: readonly StudiedCell[], method: string, dataset: string): Measured {
  const outcomes = cells.flatMap((cell) =>
    cell.name === method && datasetOf(cell) === dataset && cell.state.status === 'finished' ? [cell.state.outcome] : [],
  );
  const figures = Object.keys(outcomes[0]?.summary ?? {});
  return Object.fromEntries(figures.map((figure) => [figure, outcomes.map(({ summary }) => 100 * summary[figure]!)]));
}

/** Averages over data sets of the means over seeds; nothing where a data set is missing. */
function averages(measured: readonly Measured[], shown: readonly string[], bothWays: boolean): TextCell[] {
  const complete = (figure: string): boolean => measured.every((figures) => figures[figure] !== undefined);
  const average = (figure: string): number => mean(measured.map((figures) => mean(figures[figure]!)));
  const plain = shown.filter((figure) => figure !== 'HM');
  const cells = plain.map((figure) => number(complete(figure) ? average(figure).toFixed(2) : ''));
  if (!bothWays) return cells;
  const [base, novel] = ['base', 'novel'].map((figure) => (complete(figure) ? average(figure) : undefined));
  const ofAverages = base === undefined || novel === undefined ? '' : harmonicMean(base, novel).toFixed(2);
  return [...cells, number(ofAverages), number(complete('HM') ? average('HM').toFixed(2) : '')];
}

function publishedRow(
  { name, datasets = {}, average = {}, figures }: PublishedEntry,
  columns: readonly string[],
  shown: readonly string[],
  single: boolean,
  bothWays: boolean,
): TextCell[] {
  const ofDataset = (dataset: string): Record<string, number> => {
    const found = figures ?? datasets[dataset] ?? {};
    const { base, novel } = found;
    return base === undefined || novel === undefined ? found : { ...found, HM: harmonicMean(base, novel) };
  };
  const cell = (value: number | undefined): TextCell => number(value === undefined ? '' : value.toFixed(2));
  const each = columns.flatMap((dataset) => shown.map((figure) => cell(ofDataset(dataset)[figure])));
  const row = [{ text: `${name} (published)` }, ...each];
  if (single) return row;
  const isPapers = columns.length === 11; // an average of other data sets is another average
  const known = isPapers ? average : {};
  const plain = shown.filter((figure) => figure !== 'HM').map((figure) => cell(known[figure]));
  if (!bothWays) return [...row, ...plain];
  const { base, novel } = known;
  const hms = columns.map((dataset) => ofDataset(dataset)['HM']);
  const every = hms.every((value) => value !== undefined);
  return [
    ...row,
    ...plain,
    cell(base === undefined || novel === undefined ? undefined : harmonicMean(base, novel)),
    cell(every ? mean(hms as number[]) : undefined),
  ];
}

function text(values: readonly number[] | undefined): string {
  if (values === undefined) return '';
  const middle = mean(values).toFixed(2);
  return values.length > 1 ? `${middle} ± ${standardDeviation(values).toFixed(2)}` : middle;
}

function number(value: string): TextCell {
  return { text: value, number: true };
}
