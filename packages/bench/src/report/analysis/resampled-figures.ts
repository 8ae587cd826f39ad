import { createHash } from 'node:crypto';
import type { Evaluations, Plugin, Protocol, ProtocolSummary } from '@promptweave/core';
import { fewShot, figureOf, readPredictions, type Predictions } from '@promptweave/core/experiment';
import { plugins } from '../../protocols/plugins.js';
import { configurationOf } from '../run-details.js';
import { HM, MEAN_OF_HMS } from '../row-figures.js';
import type { StudiedCell, Study, StudyRow } from '../study.js';
import { drawCounts, resampledMeans, RESAMPLES, seededRandom } from './resampling.js';

/** The protocols whose figures are known to follow from the answers. */
const protocols = [fewShot, ...plugins].filter(
  (plugin): plugin is Extract<Plugin, { kind: 'protocol' }> => plugin.kind === 'protocol',
);

/** Seed of the draws of seeds, away from those of images. */
const SEEDS = 7_000_000;

/** A row's figures in every draw of the test images and the seeds. */
export interface ResampledRow {
  /** Says which images were drawn from: rows with the same key saw the same draws and can be compared. */
  readonly key: string;
  /** By the names of figures, [RESAMPLES] each: of the drawn seeds together. Figures that are more than accuracies are absent. */
  readonly figures: ReadonlyMap<string, Float64Array>;
}

/**
 * Draws the test images and the seeds anew and computes the figures of every row from what the drawn cells answered for the drawn images. All cells
 * see the same draws of the images, rows of the same seeds the same draws of these, so that differences between rows are paired. Nothing is trained
 * anew: the seeds that were run stand for chance in the training.
 *
 * @returns undefined for rows whose cells kept no answers, or whose protocol is not one of ours
 */
export function resampleRows(study: Study): (ResampledRow | undefined)[] {
  return resampleCells(study).rows;
}

/** The figures of rows and of their single cells in every draw; the seed of a cell stays as it is. */
export function resampleCells({ rows, protocol }: Pick<Study, 'rows' | 'protocol'>): {
  readonly rows: (ResampledRow | undefined)[];
  readonly cells: ReadonlyMap<StudiedCell, ReadonlyMap<string, Float64Array>>;
} {
  const draws = new Map<string, Uint8Array>();
  const ofCells = new Map<StudiedCell, ReadonlyMap<string, Float64Array>>();
  const ofRows = rows.map((row) => {
    const cells = finishedPredictions(row);
    const keys = cells?.map((sets) => keyOf(sets));
    if (!cells || !keys || new Set(keys).size !== 1) return undefined;
    const own = configurationOf(row)?.protocol.use ?? protocol; // the grid may vary it
    const used = protocols.find(({ name }) => name === own);
    if (!used) return undefined;
    const seeds = cells.map((sets) => accuraciesOf(sets, used, draws));
    const counts = seedCounts(finishedSeeds(row), draws);
    const figures = figuresOf(meanAccuracies(seeds, counts), used);
    if (figures.has(HM) && figures.size === 3) {
      const own = seeds.map((accuracies) => figuresOf(accuracies, used).get(HM)!);
      figures.set(MEAN_OF_HMS, weighted(own, counts));
    }
    const finished = row.cells.filter(({ state }) => state.status === 'finished');
    seeds.forEach((accuracies, i) => ofCells.set(finished[i]!, figuresOf(accuracies, used)));
    return { key: keys[0]!, figures };
  });
  return { rows: ofRows, cells: ofCells };
}

/** The answers of all finished cells; undefined where one lacks them. */
function finishedPredictions({ cells }: StudyRow): Predictions[] | undefined {
  const finished = cells.filter(({ state }) => state.status === 'finished');
  const found = finished.map(({ folder }) => readPredictions(folder.path));
  return found.length > 0 && found.every((sets) => sets !== undefined) ? found : undefined;
}

function keyOf(sets: Predictions): string {
  const hash = createHash('sha256');
  for (const [name, { images }] of Object.entries(sets)) hash.update(JSON.stringify([name, images]));
  return hash.digest('hex');
}

function finishedSeeds({ cells }: StudyRow): unknown[] {
  return cells.filter(({ state }) => state.status === 'finished').map(({ values }) => values['seed']);
}

/** How often each of a row's seeds is drawn, the same for every row of these seeds. */
function seedCounts(seeds: readonly unknown[], draws: Map<string, Uint8Array>): Uint8Array {
  if (seeds.length === 1) return new Uint8Array(RESAMPLES).fill(1);
  const key = JSON.stringify(['seeds', seeds]);
  const counts = draws.get(key) ?? drawCounts(seeds.length, seededRandom(SEEDS + seeds.length));
  draws.set(key, counts);
  return counts;
}

/** The mean over the drawn seeds, [RESAMPLES]. */
function weighted(seeds: readonly Float64Array[], counts: Uint8Array): Float64Array {
  const sum = new Float64Array(RESAMPLES);
  seeds.forEach((values, seed) => {
    for (let draw = 0; draw < RESAMPLES; draw++) {
      sum[draw]! += (values[draw]! * counts[seed * RESAMPLES + draw]!) / seeds.length;
    }
  });
  return sum;
}

/** The accuracy on a set in every draw. */
interface SetAccuracy {
  readonly name: string;
  readonly values: Float64Array;
}

function accuraciesOf(
  sets: Predictions,
  { thenTrainsOn }: Pick<Protocol, 'thenTrainsOn'>,
  draws: Map<string, Uint8Array>,
): SetAccuracy[] {
  return Object.entries(sets).map(([name, { labels, predicted }]) => {
    const correct = labels.map((label, i) => (label === predicted[i] ? 1 : 0));
    const set = thenTrainsOn ? name.slice(name.indexOf('/') + 1) : name; // the same images before and after
    return { name, values: resampledMeans(correct, countsOf(set, correct.length, draws)) };
  });
}

function meanAccuracies(seeds: readonly (readonly SetAccuracy[])[], counts: Uint8Array): SetAccuracy[] {
  return seeds[0]!.map(({ name }, set) => {
    return {
      name,
      values: weighted(
        seeds.map((own) => own[set]!.values),
        counts,
      ),
    };
  });
}

/** The protocol's figures in every draw. */
function figuresOf(sets: readonly SetAccuracy[], { summary }: Pick<Protocol, 'summary'>): Map<string, Float64Array> {
  const accuracies = sets.map((set) => ({ ...set, evaluation: { ...UNKNOWN } }));
  const evaluations: Evaluations = Object.fromEntries(accuracies.map(({ name, evaluation }) => [name, evaluation]));
  const known = summaryOf(evaluations, accuracies, 0, summary);
  const figures = Object.entries(known).flatMap(([name, entry]) => {
    const { unit, value } = figureOf(entry);
    return unit === undefined && !Number.isNaN(value) ? [[name, new Float64Array(RESAMPLES)] as const] : [];
  });
  for (let draw = 0; draw < RESAMPLES; draw++) {
    const found = summaryOf(evaluations, accuracies, draw, summary);
    for (const [name, values] of figures) values[draw] = figureOf(found[name]!).value;
  }
  return new Map(figures);
}

/** The protocol's figures of one draw. */
function summaryOf(
  evaluations: Evaluations,
  accuracies: readonly { readonly values: Float64Array; readonly evaluation: { accuracy: number } }[],
  draw: number,
  summary: Protocol['summary'],
): ProtocolSummary {
  for (const { values, evaluation } of accuracies) evaluation.accuracy = values[draw]!;
  return summary(evaluations, NO_COSTS);
}

/** The draws of a set, the same for every cell that is tested on as many images of it. */
function countsOf(set: string, images: number, draws: Map<string, Uint8Array>): Uint8Array {
  const key = JSON.stringify([set, images]);
  const counts = draws.get(key) ?? drawCounts(images, seededRandom(draws.size + 1));
  draws.set(key, counts);
  return counts;
}

/** An evaluation of which nothing but the accuracy will be known. */
const UNKNOWN = {
  ...{ images: NaN, accuracy: NaN, topK: {}, macroF1: NaN, expectedCalibrationError: NaN, loss: NaN },
  ...{ classes: [], confusion: [] },
};
const NO_COSTS = { parameters: NaN, stepSeconds: NaN, peakBytes: NaN, imagesPerSecond: NaN };

/** Pairs of cells with the same seed; a row of one cell is paired with every cell of the other. */
export function pairedDifferences(row: StudyRow, other: StudyRow, figure: string): number[] {
  const [own, theirs] = [row, other].map(({ cells }) =>
    cells.flatMap(({ state, values }) =>
      state.status === 'finished' && Object.hasOwn(state.outcome.summary, figure)
        ? [{ seed: values['seed'], value: figureOf(state.outcome.summary[figure]!).value }]
        : [],
    ),
  ) as [Paired[], Paired[]];
  if (own.length === 1 || theirs.length === 1) {
    return own.flatMap(({ value }) => theirs.map((second) => value - second.value));
  }
  return own.flatMap(({ seed, value }) => {
    const second = theirs.find((cell) => cell.seed === seed);
    return second ? [value - second.value] : [];
  });
}

interface Paired {
  readonly seed: unknown;
  readonly value: number;
}

/** The mean of a few numbers in every draw of them. */
export function resampledFew(values: readonly number[]): Float64Array {
  return resampledMeans(values, drawCounts(values.length));
}
