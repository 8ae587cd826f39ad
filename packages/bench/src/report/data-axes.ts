import type { Study, StudyRow } from './study.js';

/** Axes whose values a row and what it is compared with share: the data. All others choose the method. */
export const DATA = /^(dataset|backbone|protocol|evaluate)(\.|$)/;
/** Axes that say which data set it is. */
const DATASET = /^dataset(\.(use|path|root|classes))?$/;

/** The axis of the number of training images of a class. */
export const SHOTS = 'dataset.shots';

/** Positions of the axes that say which data set a row is of. */
export function datasetAxes({ axes }: Pick<Study, 'axes'>): number[] {
  return axes.flatMap((axis, i) => (DATASET.test(axis) ? [i] : []));
}

/** What a row's data set is called; empty where the study has one alone. */
export function datasetLabel(study: Pick<Study, 'axes'>, { labels }: Pick<StudyRow, 'labels'>): string {
  return datasetAxes(study)
    .map((axis) => labels[axis]!)
    .filter((label) => label !== '–')
    .join(' ');
}

/** Positions of the axes that say what was done to the data: all but data set and shots. */
export function methodAxes(study: Pick<Study, 'axes'>): number[] {
  const aside = [...datasetAxes(study), study.axes.indexOf(SHOTS)];
  return study.axes.flatMap((_, i) => (aside.includes(i) ? [] : [i]));
}
