import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runFiles, type RunResult, type StepEvent } from '@promptweave/core';
import { rowName } from './pictures.js';
import type { StudiedCell, Study } from './study.js';

/** A point of a learning curve. */
export interface LearningPoint {
  readonly row: string;
  /** Share of the steps, in (0, 1]. */
  readonly progress: number;
  readonly loss: number;
}

/** Points of a curve. */
const POINTS = 40;

/** The curves of all rows whose cells learned something. */
export function learningPoints({ rows }: Study): LearningPoint[] {
  return rows.flatMap((row) => {
    const bins = Array.from({ length: POINTS }, () => ({ sum: 0, count: 0 }));
    for (const cell of row.cells) {
      for (const { step, steps, loss } of stepsOf(cell)) {
        const bin = bins[Math.min(POINTS - 1, Math.floor(((step - 1) / steps) * POINTS))]!;
        bin.sum += loss;
        bin.count += 1;
      }
    }
    return bins.flatMap(({ sum, count }, i) =>
      count === 0 ? [] : [{ row: rowName(row), progress: (i + 1) / POINTS, loss: sum / count }],
    );
  });
}

/** The whole result of a cell, with confusion matrices. */
export function resultOf({ folder }: StudiedCell): RunResult | undefined {
  const path = join(folder.path, runFiles.result);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RunResult) : undefined;
}

/** The steps of a cell; of the last training where there are several. */
function stepsOf({ folder }: StudiedCell): Pick<StepEvent, 'step' | 'steps' | 'loss'>[] {
  if (!existsSync(folder.path)) return [];
  const stages = readdirSync(folder.path)
    .filter((name) => /^\d-/.test(name))
    .sort();
  const path = join(folder.path, stages.at(-1) ?? '.', runFiles.metrics);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as StepEvent)
    .filter(({ type }) => type === 'step');
}
