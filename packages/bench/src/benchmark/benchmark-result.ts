import type { FigureKind } from '@promptweave/core';
import { shownValue } from '../protocols/figure-unit.js';
import { harmonicMean, mean } from '../protocols/means.js';
import { baseToNovel, crossDataset, domainGeneralisation } from '../protocols/plugins.js';
import { HM, MEAN_OF_HMS, rowFigures } from '../report/row-figures.js';
import type { Figure } from '../report/figure.js';
import type { StudiedCell, Study } from '../report/study.js';
import { datasetName, isOwnData } from './dataset-choice.js';
import { paperDatasets } from './paper-datasets.js';
import { publishedFor, type PublishedEntry } from './published.js';

/** Figures by name. Percent, but for those that have a unit. */
export type Figures = Readonly<Record<string, Figure>>;

/** A harmonic mean of base and novel over several data sets: the literature mixes two. */
export interface HarmonicMeans {
  /** Of the average base and the average novel accuracy. */
  readonly ofAverages?: number;
  /** The mean of the data sets' own, each of which is the mean over the seeds. */
  readonly meanOfDatasets?: number;
}

/** One method with one number of shots: measured here, or published. */
export interface BenchmarkRow {
  readonly method: string;
  readonly shots?: number;
  readonly published: boolean;
  /** Where published numbers were read. */
  readonly source?: string;
  /** By data set; nothing where it was not measured, or not published. `HM` is that of the mean base and the mean novel accuracy. */
  readonly datasets: Readonly<Record<string, Figures>>;
  /** Means over the data sets, where every one has the figure; no `HM`, which `harmonicMeans` gives both ways. */
  readonly average?: Readonly<Record<string, number>>;
  readonly harmonicMeans?: HarmonicMeans;
}

/** The table of a paper as plain data. */
export interface BenchmarkResult {
  readonly protocol: string;
  readonly checkpoint: string;
  readonly seeds: readonly number[];
  readonly datasets: readonly string[];
  /** The protocol's figures, in its order. */
  readonly figures: readonly string[];
  /** What each of them is. */
  readonly kinds: Readonly<Record<string, FigureKind>>;
  readonly rows: readonly BenchmarkRow[];
}

/** Which table is wanted. */
export interface BenchmarkQuery {
  readonly protocol: string;
  readonly checkpoint: string;
  readonly shots: readonly number[];
  /** Targets that are a user's own, whatever they are called: nothing is published for them. */
  readonly ownTargets?: readonly string[];
  /** Published numbers of methods that were not run, too. */
  readonly allPublished?: boolean;
}

/**
 * Methods against data sets: what the cells of a sweep have measured, and below each method what was published for it in the same
 * setting.
 */
export function benchmarkResult(study: Study, query: BenchmarkQuery): BenchmarkResult {
  const { protocol, checkpoint } = query;
  const datasets = [...new Set(study.cells.map(datasetOf))];
  const own = new Set(study.cells.filter(({ values }) => isOwnData(values['dataset'])).map(datasetOf));
  const figures = study.figures.filter((figure) => namesOfUsers(protocol) || figure !== 'macroF1');
  const methods = [...new Set(study.cells.map(({ name = '' }) => name))];
  const counts = study.cells.some(({ values }) => 'dataset.shots' in values) ? query.shots : [undefined];
  const rows = counts.flatMap((shots): BenchmarkRow[] => {
    const cells = study.cells.filter(({ values }) => values['dataset.shots'] === shots);
    const trainedOn = datasets.length === 1 && !own.has(datasets[0]!) ? datasets[0] : undefined;
    const entries = publishedFor({ protocol, shots, checkpoint, trainedOn });
    const known = { own, ownTargets: query.ownTargets ?? [] };
    const published = (entry: PublishedEntry): BenchmarkRow =>
      publishedRow(entry, shots, datasets, figures, protocol, known);
    const measured = methods.flatMap((method) => [
      ownRow(method, shots, cells, datasets, figures, protocol),
      ...entries.filter((entry) => entry.method === plain(method)).map(published),
    ]);
    const run = methods.map(plain);
    const others = entries.filter(({ method }) => method === undefined || !run.includes(method));
    return [...measured, ...(query.allPublished ? others.map(published) : [])];
  });
  const kinds = Object.fromEntries(figures.map((figure) => [figure, study.kinds.get(figure) ?? {}]));
  return { protocol, checkpoint, seeds: study.seeds, datasets, figures, kinds, rows: rows.filter(hasNumbers) };
}

/** Whether a protocol's figures are called as the data sets are that it tests on. */
function namesOfUsers(protocol: string): boolean {
  return protocol === crossDataset.name || protocol === domainGeneralisation.name;
}

/** Whether a protocol's figures are the accuracies on base and novel classes and their harmonic mean. */
export function hasHarmonicMean(protocol: string): boolean {
  return protocol === baseToNovel.name;
}

/** Labels alone have two names: `clip+lamm` is `lamm`. */
function plain(method: string): string {
  return method.replace(/^clip\+/, '');
}

/** Own rows stay where nothing of them is finished; published ones without a number for these data sets go. */
function hasNumbers({ published, datasets, average }: BenchmarkRow): boolean {
  const numbers = [...Object.values(datasets), average ?? {}].flatMap((figures) => Object.keys(figures));
  return !published || numbers.length > 0;
}

function datasetOf({ values }: StudiedCell): string {
  return datasetName(values['dataset']);
}

function ownRow(
  method: string,
  shots: number | undefined,
  cells: readonly StudiedCell[],
  datasets: readonly string[],
  figures: readonly string[],
  protocol: string,
): BenchmarkRow {
  const measured = datasets.map((dataset): [string, Figures] => {
    const own = cells.filter((cell) => cell.name === method && datasetOf(cell) === dataset);
    return [dataset, measure(own)];
  });
  return summarise(
    { method, shots, published: false, datasets: Object.fromEntries(measured) },
    datasets,
    figures,
    protocol,
  );
}

function measure(cells: readonly StudiedCell[]): Figures {
  const summaries = cells.flatMap(({ state }) => (state.status === 'finished' ? [state.outcome.summary] : []));
  return Object.fromEntries(
    Object.entries(rowFigures(summaries)).map(([name, { mean: middle, sd, count, unit }]): [string, Figure] => {
      const shown = (value: number): number => shownValue({ unit }, value);
      return [name, { mean: shown(middle), sd: shown(sd), count }];
    }),
  );
}

function publishedRow(
  { name, source, datasetsSource, datasets: known = {}, figures: ofSource, targets, average }: PublishedEntry,
  shots: number | undefined,
  datasets: readonly string[],
  figures: readonly string[],
  protocol: string,
  { own, ownTargets }: { readonly own: ReadonlySet<string>; readonly ownTargets: readonly string[] },
): BenchmarkRow {
  const found = datasets.map((dataset): [string, Figures] => {
    if (own.has(dataset)) return [dataset, {}];
    const numbers = ofSource ? onTargets(ofSource, targets, figures, ownTargets) : ownValue(known, dataset);
    const { base, novel } = numbers;
    const isComplete = hasHarmonicMean(protocol) && base !== undefined && novel !== undefined;
    const both = (value: number) => ({ [HM]: value, [MEAN_OF_HMS]: value }); // one number is published
    const all = isComplete ? { ...numbers, ...both(harmonicMean(base, novel)) } : numbers;
    const shown = Object.entries(all).filter(([figure]) => figures.includes(figure));
    return [dataset, Object.fromEntries(shown.map(([figure, value]) => [figure, { mean: value, sd: 0, count: 1 }]))];
  });
  const sources = [...new Set([source, ...(datasetsSource === undefined ? [] : [datasetsSource])])].join('; ');
  const row = { method: name, shots, published: true, source: sources, datasets: Object.fromEntries(found) };
  // The papers' own average is one of their 11 data sets.
  const isPapers =
    own.size === 0 &&
    datasets.length === paperDatasets.length &&
    datasets.every((name) => paperDatasets.includes(name));
  return summarise(row, datasets, figures, protocol, isPapers ? average : undefined);
}

/** Published figures on several targets; their average is that of the shown targets, absent where one of these is not published. */
function onTargets(
  published: Readonly<Record<string, number>>,
  targets: readonly string[] = [],
  figures: readonly string[],
  own: readonly string[],
): Readonly<Record<string, number>> {
  const { average, ...all } = published;
  const others = Object.fromEntries(Object.entries(all).filter(([figure]) => !own.includes(figure)));
  const shown = figures.filter((figure) => figure !== 'source' && figure !== 'average');
  const isPapers =
    own.length === 0 && shown.length === targets.length && shown.every((figure) => targets.includes(figure));
  if (isPapers) return published;
  const numbers = shown.map((figure) => others[figure]);
  return numbers.every((value) => value !== undefined) ? { ...others, average: mean(numbers) } : others;
}

/** Adds averages over the data sets, where there are several. */
function summarise(
  row: BenchmarkRow,
  datasets: readonly string[],
  figures: readonly string[],
  protocol: string,
  known: Readonly<Record<string, number>> = {},
): BenchmarkRow {
  if (datasets.length < 2) return row;
  const over = (figure: string): number | undefined => {
    const means = datasets.map((dataset) => row.datasets[dataset]).map((of) => of && figureAt(of, figure)?.mean);
    return means.every((value) => value !== undefined) ? mean(means) : undefined;
  };
  const withHarmonicMean = hasHarmonicMean(protocol);
  const entries = figures
    .filter((figure) => !withHarmonicMean || ![HM, MEAN_OF_HMS].includes(figure))
    .map((figure) => [figure, (Object.hasOwn(known, figure) ? known[figure] : undefined) ?? over(figure)] as const)
    .filter((entry): entry is [string, number] => entry[1] !== undefined);
  const average = Object.fromEntries(entries);
  if (!withHarmonicMean) return { ...row, average };
  const { base, novel } = average;
  const ofAverages = base === undefined || novel === undefined ? undefined : harmonicMean(base, novel);
  const meanOfDatasets = over(MEAN_OF_HMS);
  return {
    ...row,
    average,
    harmonicMeans: {
      ...(ofAverages !== undefined && { ofAverages }),
      ...(meanOfDatasets !== undefined && { meanOfDatasets }),
    },
  };
}

/** A figure by its name, which may be any. */
export function figureAt(figures: Figures, name: string): Figure | undefined {
  return Object.hasOwn(figures, name) ? figures[name] : undefined;
}

function ownValue(
  known: Readonly<Record<string, Readonly<Record<string, number>>>>,
  dataset: string,
): Readonly<Record<string, number>> {
  return Object.hasOwn(known, dataset) ? known[dataset]! : {};
}
