import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  runFile,
  runFiles,
  type NearestWords,
  type ResolvedConfiguration,
  type RunResult,
  type StepEvent,
} from '@promptweave/core/experiment';
import { parse } from 'yaml';
import { rowName } from './row-name.js';
import type { StudiedCell, StudyRow } from './study.js';

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

/** The curves of those rows whose cells learned something. */
export function learningPoints(rows: readonly StudyRow[]): LearningPoint[] {
  return rows.flatMap((row) => {
    const bins = Array.from({ length: POINTS }, () => ({ at: 0, sum: 0, right: 0, count: 0 }));
    for (const cell of row.cells) {
      for (const { step, steps, loss, accuracy } of stepsOf(cell)) {
        const bin = bins[Math.min(POINTS - 1, Math.floor(((step - 1) / steps) * POINTS))]!;
        bin.at += step / steps;
        bin.sum += loss;
        bin.right += accuracy;
        bin.count += 1;
      }
    }
    return bins.flatMap(({ at, sum, right, count }) =>
      count === 0 ? [] : [{ row: rowName(row), progress: at / count, loss: sum / count, accuracy: right / count }],
    );
  });
}

/** The whole result of a cell, with confusion matrices. */
export function resultOf({ folder }: StudiedCell): RunResult | undefined {
  const path = join(folder.path, runFiles.result);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RunResult) : undefined;
}

/** The resolved configuration of a row's first cell, without what every cell has of its own. */
export function configurationOf({ cells }: StudyRow): ResolvedConfiguration | undefined {
  const path = join(cells[0]!.folder.path, runFiles.configuration);
  return existsSync(path) ? (parse(readFileSync(path, 'utf8')) as ResolvedConfiguration) : undefined;
}

/** The words nearest to what a cell learned; undefined where it kept none. */
export function wordsOf({ folder }: StudiedCell): NearestWords | undefined {
  const path = runFile(folder.path, runFiles.words);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as NearestWords) : undefined;
}

/** The steps of a cell; of the last training where there are several. */
function stepsOf({ folder }: StudiedCell): Pick<StepEvent, 'step' | 'steps' | 'loss' | 'accuracy'>[] {
  const path = runFile(folder.path, runFiles.metrics);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap(eventOf)
    .filter(({ type }) => type === 'step');
}

/** None where the line is half-written: its process is about to end it, or was killed. */
function eventOf(line: string): StepEvent[] {
  try {
    return [JSON.parse(line) as StepEvent];
  } catch {
    return [];
  }
}
