import { createHash } from 'node:crypto';
import type { Evaluations, Plugin, Protocol, ProtocolSummary } from '@promptweave/core';
import { fewShot, figureOf, readPredictions, type Predictions } from '@promptweave/core/experiment';
import { plugins } from '../../protocols/plugins.js';
import { configurationOf } from '../run-details.js';
import type { Study, StudyRow } from '../study.js';
import { drawCounts, resampledMeans, RESAMPLES, seededRandom } from './resampling.js';

/** The protocols whose figures are known to follow from the answers. */
const protocols = [fewShot, ...plugins].filter(
  (plugin): plugin is Extract<Plugin, { kind: 'protocol' }> => plugin.kind === 'protocol',
);

/** A row's figures in every draw of the test images. */
export interface ResampledRow {
  /** Says which images were drawn from: rows with the same key saw the same draws and can be compared. */
  readonly key: string;
  /** By the names of figures, [RESAMPLES] each: mean over the seeds. Figures that are more than accuracies are absent. */
  readonly figures: ReadonlyMap<string, Float64Array>;
}

/**
 * Draws the test images anew and computes the figures of every row from what its cells answered for them. All cells see the same
 * draws, so that differences between rows are paired by image. The trained prompts stay as they are.
 *
 * @returns undefined for rows whose cells kept no answers, or whose protocol is not one of ours
 */
export function resampleRows({ rows, protocol }: Study): (ResampledRow | undefined)[] {
  const draws = new Map<string, Uint8Array>();
  return rows.map((row) => {
    const cells = finishedPredictions(row);
    const keys = cells?.map((sets) => keyOf(sets));
    if (!cells || !keys || new Set(keys).size !== 1) return undefined;
    const own = configurationOf(row)?.protocol.use ?? protocol; // the grid may vary it
    const used = protocols.find(({ name }) => name === own);
    if (!used) return undefined;
    const seeds = cells.map((sets) => resampleCell(sets, used, draws));
    const names = [...seeds[0]!.keys()];
    const figures = names.map((name) => {
      const sum = new Float64Array(RESAMPLES);
      for (const seed of seeds) seed.get(name)!.forEach((value, draw) => (sum[draw]! += value / seeds.length));
      return [name, sum] as const;
    });
    return { key: keys[0]!, figures: new Map(figures) };
  });
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

function resampleCell(
  sets: Predictions,
  { summary, thenTrainsOn }: Pick<Protocol, 'summary' | 'thenTrainsOn'>,
  draws: Map<string, Uint8Array>,
): Map<string, Float64Array> {
  const accuracies = Object.entries(sets).map(([name, { labels, predicted }]) => {
    const correct = labels.map((label, i) => (label === predicted[i] ? 1 : 0));
    const set = thenTrainsOn ? name.slice(name.indexOf('/') + 1) : name; // the same images before and after
    return { values: resampledMeans(correct, countsOf(set, correct.length, draws)), evaluation: { ...UNKNOWN }, name };
  });
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
