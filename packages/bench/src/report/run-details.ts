import { join } from 'node:path';
import {
  metricsEvent,
  readOwnText,
  readResult,
  readWords,
  runFile,
  runFiles,
  type NearestWords,
  type ResolvedConfiguration,
  type RunResult,
  type StepEvent,
} from '@promptweave/core/experiment';
import { parseDocument } from 'yaml';
import { splitText } from '../sweep/short-text.js';
import { rowName } from './row-name.js';
import type { StudiedCell, Study, StudyRow } from './study.js';

/** A point of a learning curve. */
export interface LearningPoint {
  readonly row: string;
  /** Share of the steps, in (0, 1]. */
  readonly progress: number;
  readonly loss: number;
  /** Of the training images, a fraction. */
  readonly accuracy?: number;
}

/** Points of a curve. */
const POINTS = 40;

/** A step, as far as a curve needs it. */
type CurveStep = Pick<StepEvent, 'step' | 'steps' | 'loss' | 'accuracy'>;

/** The curves of those rows whose cells learned something. */
export function learningPoints(rows: readonly StudyRow[], name: (row: StudyRow) => string = rowName): LearningPoint[] {
  return rows.flatMap((row) =>
    curveOf(
      name(row),
      row.cells.flatMap(({ folder }) => stepsOf(folder.path)),
    ),
  );
}

/** One curve: means over neighbouring steps. */
export function curveOf(row: string, steps: readonly CurveStep[]): LearningPoint[] {
  const bins = Array.from({ length: POINTS }, () => ({ at: 0, sum: 0, right: 0, count: 0 }));
  for (const { step, steps: all, loss, accuracy } of steps) {
    const bin = bins[Math.min(POINTS - 1, Math.floor(((step - 1) / all) * POINTS))]!;
    bin.at += step / all;
    bin.sum += loss;
    bin.right += accuracy;
    bin.count += 1;
  }
  return bins.flatMap(({ at, sum, right, count }) =>
    count === 0 ? [] : [{ row, progress: at / count, loss: sum / count, accuracy: right / count }],
  );
}

/** The whole result of a cell, with confusion matrices. */
export function resultOf({ folder }: StudiedCell): RunResult | undefined {
  return readResult(folder.path);
}

/** The resolved configuration of a row's first cell that has one, without what every cell has of its own. */
export function configurationOf({ cells }: StudyRow): ResolvedConfiguration | undefined {
  for (const { folder } of cells) {
    const text = textOf(join(folder.path, runFiles.configuration));
    const document = text === undefined ? undefined : parseDocument(text);
    const value: unknown = document?.errors.length === 0 ? document.toJS() : undefined; // a damaged one is told elsewhere
    if (typeof value === 'object' && value !== null && 'protocol' in value) return value as ResolvedConfiguration;
  }
  return undefined;
}

/** The protocol of a study, and, where its rows have no axis for that, that its figures are not those of test images. */
export function protocolText({ protocol, rows, axes }: Pick<Study, 'protocol' | 'rows' | 'axes'>): string {
  if (axes.some((axis) => /^protocol(\.|$)/.test(axis))) return protocol;
  for (const row of rows) {
    const configuration = configurationOf(row);
    if (!configuration) continue;
    const { split } = configuration.protocol as { readonly split?: unknown };
    return typeof split === 'string' && split !== 'test' ? `${protocol} on ${splitText(split)}` : protocol;
  }
  return protocol;
}

/** The words nearest to what a cell learned; undefined where it kept none. */
export function wordsOf({ folder }: StudiedCell): NearestWords | undefined {
  const path = runFile(folder.path, runFiles.words);
  return readWords(path);
}

/** The steps of a run; of the last training where there are several. Lines that are cut off, as of a run that goes on, are left out. */
export function stepsOf(folder: string): CurveStep[] {
  const text = textOf(runFile(folder, runFiles.metrics)) ?? '';
  const events = text.split('\n').flatMap((line) => metricsEvent(line) ?? []);
  return events.filter(({ type }) => type === 'step') as unknown as StepEvent[];
}

/** Undefined where there is no such file, or it cannot be read, which the state of the cell tells. */
function textOf(path: string): string | undefined {
  try {
    return readOwnText(path);
  } catch {
    return undefined;
  }
}
