import { groupBy } from './analysis/group-by.js';
import { datasetAxes, datasetLabel, methodAxes } from './data-axes.js';
import { ranked, type Study, type StudyRow } from './study.js';

/** Data sets that have a picture of their own, and rows in each. */
const FACETS = 12;
const ROWS = 40;

/** The rows of one data set that a picture shows, the data set's name, and what the rows are called there. */
export interface PictureRows {
  readonly dataset: string;
  readonly rows: readonly StudyRow[];
}

/** What a row is called within its data set. */
export function nameWithin(study: Pick<Study, 'axes'>, { labels }: Pick<StudyRow, 'labels'>): string {
  const aside = datasetAxes(study);
  return labels.filter((_, i) => !aside.includes(i)).join(' · ') || 'all cells';
}

/**
 * The rows that pictures show, by data set and in the order of the study: the best of each method, or all where these are few. Data sets are never
 * compared with each other.
 */
export function pictureRows(study: Study, figure: string): PictureRows[] {
  const groups = [...groupBy(study.rows, (row) => datasetLabel(study, row))].slice(0, FACETS);
  const most = Math.max(6, Math.floor(ROWS / groups.length));
  const lead = methodAxes(study);
  return groups.map(([dataset, rows]) => {
    const order = ranked(rows, figure);
    const methods = groupBy(order, (row) => JSON.stringify(lead.map((i) => row.labels[i])));
    const best = [...methods.values()].map(([first]) => first!);
    const chosen = new Set(order.length <= most ? order : best.slice(0, most));
    return { dataset, rows: rows.filter((row) => chosen.has(row)) };
  });
}
