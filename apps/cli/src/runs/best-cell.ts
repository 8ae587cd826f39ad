import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  bestOf,
  byValidation,
  rankedBy,
  readStudy,
  SweepFolder,
  sweepFiles,
  testedAlike,
  validated,
  type StudiedCell,
  type Study,
} from '@promptweave/bench';
import { ConfigError } from '@promptweave/core';
import { figureTitle, suggestion } from '@promptweave/core/experiment';

/** A cell of a sweep, and why it. */
export interface ChosenCell {
  readonly folder: string;
  /** A sentence. */
  readonly why: string;
}

/** Whether a path is the folder of a sweep. */
export function isSweep(path: string): boolean {
  return existsSync(join(path, sweepFiles.sweep));
}

/**
 * The best finished cell of a sweep: by a figure that is named, otherwise by the validation of its training, otherwise by the figure that
 * leads in the report.
 * @throws ConfigError where nothing is finished, or no cell has that figure
 */
export function bestCell(path: string, figure?: string): ChosenCell {
  const study = readStudy(new SweepFolder(path));
  const finished = study.cells.filter(({ state }) => state.status === 'finished');
  if (finished.length === 0) {
    throw new ConfigError('No cell of this sweep is finished.', { where: path, remedy: 'Go on with the sweep.' });
  }
  if (figure !== undefined) return byFigure(study, figure, path);
  const judged = finished.flatMap((cell) => validated(cell) ?? []);
  if (judged.length === finished.length) {
    const { cell, accuracy } = judged.toSorted(byValidation)[0]!;
    return chosen(cell, `the best validation of ${finished.length} cells, ${percent(accuracy)}${acrossText(finished)}`);
  }
  const best = bestOf(study);
  if (!best) return chosen(finished[0]!, 'the first cell that is finished');
  const why = judged.length === 0 ? 'no cell was validated' : 'not every cell was validated';
  return chosen(best.cell, `the best ${best.figure}, for ${why}${acrossText(finished)}`);
}

function byFigure(study: Study, figure: string, path: string): ChosenCell {
  if (!study.figures.includes(figure)) {
    throw new ConfigError(`No cell has the figure "${figure}".${suggestion(figure, [...study.figures], 'There are')}`, {
      where: path,
      remedy: 'Name one of them.',
    });
  }
  const [row] = rankedBy(study.rows, figure);
  const cell = row!.cells.find(({ state }) => state.status === 'finished')!;
  return chosen(cell, `the best ${figureTitle(figure, row!.figures[figure]!)}${acrossText(study.cells)}`);
}

/** Said where cells were not tested on the same images. */
function acrossText(cells: readonly StudiedCell[]): string {
  const alike = new Set(cells.map(({ values }) => testedAlike(values))).size < 2;
  return alike ? '' : '; the cells are of several data sets or protocols, whose figures say nothing of each other';
}

function chosen({ folder, name, values }: StudiedCell, reason: string): ChosenCell {
  const told = [
    ...(name === undefined ? [] : [name]),
    ...Object.entries(values).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
  ];
  return { folder: folder.path, why: `Of the sweep it takes ${folder.path} (${told.join(', ')}): ${reason}.` };
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}
