import { figureTitle } from '@promptweave/core/experiment';
import { datasetLabel, SHOTS } from '../data-axes.js';
import { averageTable, paperTable } from '../paper-table.js';
import { shownName } from '../row-figures.js';
import { bestOf, type Study, type StudyRow } from '../study.js';
import type { TextCell, TextTable } from '../table.js';
import { escape, parted } from './html.js';

/**
 * What a study of several data sets comes to, averages first: methods as rows, and then, for each number of shots, the data sets as columns; the
 * largest number of shots is open. Empty where there is one data set.
 */
export function overviewHtml(study: Study): string {
  const { rows, kinds } = study;
  const names = new Set(rows.map((row) => datasetLabel(study, row)));
  const figure = bestOf(study)?.figure;
  if (names.size < 2 || figure === undefined) return '';
  const title = `${figureTitle(shownName(figure), kinds.get(figure))}, average over ${names.size} data sets`;
  const shots = study.axes.indexOf(SHOTS);
  const counts = shots < 0 ? [undefined] : shotCounts(rows, shots);
  const average = counts.length > 1 ? `<h3>${escape(title)}</h3>${tableHtml(averageTable(study, figure))}` : '';
  const tables = counts.map((count) => {
    const own = count === undefined ? study : ofShots(study, shots, count);
    const table = tableHtml(paperTable(own));
    if (counts.length === 1) return `<h3>By data set</h3>${table}`;
    const open = count === counts.at(-1) ? ' open' : '';
    return `<details${open}><summary>${escape(`${count} shot${count === '1' ? '' : 's'}, by data set`)}</summary>${table}</details>`;
  });
  return [average, ...tables.reverse()].join('\n');
}

/** Ascending. */
function shotCounts(rows: readonly StudyRow[], shots: number): string[] {
  const counts = [...new Set(rows.map(({ labels }) => labels[shots]!))];
  return counts.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** The rows of one number of shots, which is then no axis. */
function ofShots(study: Study, shots: number, count: string): Study {
  const without = <T>(list: readonly T[]): T[] => list.filter((_, i) => i !== shots);
  const rows = study.rows.filter(({ labels }) => labels[shots] === count);
  return { ...study, axes: without(study.axes), rows: rows.map((row) => ({ ...row, labels: without(row.labels) })) };
}

/** Columns beside which deviations have no room. */
const MANY = 8;

function tableHtml({ head, rows }: TextTable): string {
  const isNumber = head.map((_, column) => rows.some((row) => row[column]?.number));
  const heads = head.map((text, column) => {
    return `<th scope="col"${isNumber[column] ? ' class="number"' : ''}>${parted(text)}</th>`;
  });
  const body = rows.map((row, i) => {
    const above = rows[i - 1];
    const isRepeated = (column: number): boolean =>
      above !== undefined &&
      !isNumber[column] &&
      row.slice(0, column + 1).every(({ text }, c) => text === above[c]!.text);
    return `<tr>${row.map((cell, column) => cellHtml(cell, isRepeated(column))).join('')}</tr>`;
  });
  const many = head.length > MANY ? ' many' : '';
  return `<div class="wide"><table class="named${many}"><thead><tr>${heads.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}

/** The deviation stands small behind the mean; a name that stands above is there for those alone who do not see that. */
function cellHtml({ text, best, second, number }: TextCell, isRepeated: boolean): string {
  if (isRepeated) return `<td class="again"><span>${escape(text)}</span></td>`;
  const [value, ...rest] = number ? text.split(' ± ') : [text];
  const classes = [number && 'number', best && 'best', second && 'second'].filter(Boolean).join(' ');
  const spread = rest.length > 0 ? ` <span class="spread">± ${escape(rest.join(' ± '))}</span>` : '';
  return `<td${classes ? ` class="${classes}"` : ''}><span>${escape(value!)}</span>${spread}</td>`;
}
