import type { FigureKind } from '@promptweave/core';
import { smallerIsBetter } from '../../protocols/figure-unit.js';
import { differenceText, type Baseline, type Comparison, type Difference } from '../analysis/comparison.js';
import { RESAMPLES } from '../analysis/resampling.js';
import { CHOSEN, studyTable } from '../table.js';
import { isSearched, type Study } from '../study.js';
import { escape, jsonScript, section, type Section } from './html.js';
import { overviewHtml } from './overview.js';

/** A choice for every axis with no more values than these. */
const CHOICES = 40;
/** A table with more rows scrolls within the page, and is folded where there are tables of averages. */
const LONG = 40;

/** The grid as a table that can be sorted and filtered, with differences to a baseline. */
export function resultSection(study: Study, comparison: Comparison | undefined): Section {
  const { axes, figures } = study;
  const { head, rows } = studyTable(study);
  const heads = head
    .map((text, column) => {
      const side = column >= axes.length ? ' class="number"' : column > 0 ? ' class="axis"' : '';
      return `<th scope="col"${side}><button type="button">${escape(text)}</button></th>`;
    })
    .join('');
  const body = rows.map((cells, r) => {
    const { figures: own, parameters, seconds } = study.rows[r]!;
    const values = [
      ...axes.map(() => undefined),
      ...figures.map((name) => (Object.hasOwn(own, name) ? own[name]!.mean : undefined)),
      parameters,
      seconds,
    ];
    const texts = cells.map(({ text, best, number }, column) => {
      const figure = figures[column - axes.length];
      const difference = figure === undefined ? undefined : differenceAt(comparison?.baselines[0], r, figure);
      const isAxis = column > 0 && column < axes.length;
      const classes = [number && 'number', best && 'best', isAxis && 'axis'].filter(Boolean).join(' ');
      const value = values[column] === undefined ? '' : ` data-value="${values[column]}"`;
      const small = difference ? smallHtml(shown(study.kinds.get(figure!), difference)) : '';
      const rest = column === 0 && axes.length > 1 ? ` data-rest="${escape(restOf(study.rows[r]!.labels))}"` : '';
      return `<td${classes ? ` class="${classes}"` : ''}${rest}${value}>${best ? `<span>${escape(text)}</span>` : escape(text)}${small}</td>`;
    });
    return `<tr data-row="${r}">${texts.join('')}</tr>`;
  });
  const isLong = rows.length > LONG;
  const table = `<div class="wide${isLong ? ' tall' : ''}"><table id="grid"><thead><tr>${heads}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
  const whole = [controls(study, comparison), table, note(study, comparison)].join('\n');
  const overview = overviewHtml(study);
  const summary = `All ${rows.length} rows, to sort and to filter, with differences, learned parameters and times`;
  const all = isLong && overview ? `<details><summary>${summary}</summary>${whole}</details>` : whole;
  return section('results', 'Results', overview, all, data(study, comparison))!;
}

/** The other axes of a row: where the page is narrow, they stand with the first one, so that figures have room. */
function restOf([, ...others]: readonly string[]): string {
  return others.filter((label) => label !== '–').join(' · ');
}

function controls({ axes, rows }: Study, comparison: Comparison | undefined): string {
  const choices = axes.flatMap((axis, column) => {
    const values = [...new Set(rows.map(({ labels }) => labels[column]!))];
    if (values.length < 2 || values.length > CHOICES) return [];
    const options = values.map((value) => `<option>${escape(value)}</option>`).join('');
    return [
      `<label>${escape(axis)}<select data-column="${column}"><option value="">any</option>${options}</select></label>`,
    ];
  });
  const baselines = comparison?.baselines.map(({ name }, i) => `<option value="${i}">${escape(name)}</option>`) ?? [];
  const compared =
    baselines.length > 0 ? `<label>compared with<select id="baseline">${baselines.join('')}</select></label>` : '';
  const search = '<label>filter<input id="filter" type="search" placeholder="words that a row must hold"></label>';
  return `<div class="controls">${search}${choices.join('')}${compared}<span id="count" class="faint" role="status"></span></div>`;
}

/** What is drawn for the intervals, in words. */
export function comparisonNote({ baselines, drawn }: Comparison): string {
  const images = `${RESAMPLES.toLocaleString('en')} paired bootstrap draws of the test images and of the seeds (nothing is trained anew: a few seeds say little of chance in the training)`;
  const seeds = `${RESAMPLES.toLocaleString('en')} paired bootstrap draws of the seeds (no answers for single images were kept; with two or three seeds it says little)`;
  const which = { images, seeds, both: `${images}, or, where no answers were kept, of the seeds` }[drawn];
  return `Below each figure: percentage points above ${baselines[0]!.name} on the same data, and the middle 95 % of ${which}. The draws are seeded: the same study gives the same intervals.`;
}

function note({ rows }: Study, comparison: Comparison | undefined): string {
  const compared = comparison
    ? ` ${escape(comparisonNote(comparison))} Green or red: the interval is on one side of 0.`
    : '';
  return `<p class="note">★ ${isSearched(rows) ? CHOSEN : 'best of its data set'}. Time: training and tests of one cell.${compared}</p>`;
}

function data({ axes, figures, kinds }: Study, comparison: Comparison | undefined): string {
  if (!comparison) return '';
  const texts = (baseline: Baseline): unknown[] =>
    baseline.differences.map(
      (row, r) =>
        row &&
        figures.map((name) => {
          const difference = differenceAt(baseline, r, name);
          return difference ? shown(kinds.get(name), difference) : null;
        }),
    );
  const columns = figures.map((_, f) => axes.length + f);
  return jsonScript('comparison', { figures: columns, differences: comparison.baselines.map(texts) });
}

function differenceAt(baseline: Baseline | undefined, row: number, figure: string): Difference | undefined {
  const found = baseline?.differences[row];
  return found && Object.hasOwn(found, figure) ? found[figure] : undefined;
}

/** Text, and the class that colours it. */
function shown(kind: FigureKind = {}, difference: Difference): [string, string] {
  const { interval } = difference;
  const sign = smallerIsBetter(kind) ? -1 : 1;
  const side = !interval ? 0 : interval.low > 0 ? sign : interval.high < 0 ? -sign : 0;
  return [differenceText(difference), side > 0 ? 'up' : side < 0 ? 'down' : ''];
}

function smallHtml([text, side]: [string, string]): string {
  return `<small class="${side}">${escape(text)}</small>`;
}
