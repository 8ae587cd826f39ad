import Table from 'cli-table3';
import type { ProtocolSummary } from '@promptweave/core';
import { duration, figureOf, figureTitle } from '@promptweave/core/experiment';
import { shownText } from '../protocols/figure-unit.js';
import { groupBy } from './analysis/group-by.js';
import { searchedAlike, testedAlike } from '../sweep/tested-alike.js';
import { shownName } from './row-figures.js';
import { byValidation } from './validated.js';
import type { Figure } from './figure.js';
import { isSearched, leadingFigure, ranked, type Study, type StudyRow } from './study.js';

/** How a table is written. */
export const tableFormats = ['table', 'markdown', 'latex', 'csv', 'json'] as const;
/** How a table is written. */
export type TableFormat = (typeof tableFormats)[number];

/** A table of texts; `best` cells are marked as each format can. */
export interface TextTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly TextCell[])[];
  /** Rows before which a rule stands, where the format has some. */
  readonly groups?: readonly number[];
}

/** One entry of a table. */
export interface TextCell {
  readonly text: string;
  readonly best?: boolean;
  /** The next after the best. */
  readonly second?: boolean;
  /** A sign behind the text, such as that of a difference that is not chance. */
  readonly mark?: string;
  /** Numbers stand on the right. */
  readonly number?: boolean;
}

/** 0.7123 ± 0.004 → `71.2 ± 0.4`, percent; a figure with a unit is shown as it is. */
export function figureText(figure: Figure): string {
  const { mean, sd, count } = figure;
  const value = shownText(figure, mean, 1);
  return count > 1 ? `${value} ± ${shownText(figure, sd, 1)}` : value;
}

/** The figure of one result that tells most, with its name: `HM 71.2`. */
export function leadingText(summary: ProtocolSummary): string | undefined {
  const name = leadingFigure(summary);
  if (name === undefined) return undefined;
  const { value, ...kind } = figureOf(summary[name]!);
  return `${figureTitle(name, kind)} ${shownText(kind, value, 1)}`;
}

/** Rows: the varied axes without the seed; columns: the protocol's figures, learned parameters and time. */
export function studyTable(study: Study): TextTable {
  const { axes, figures, kinds, rows } = study;
  const places = placesOf(study);
  return {
    head: [...axes, ...figures.map((name) => figureTitle(shownName(name), kinds.get(name))), 'parameters', 'time'],
    rows: rows.map((row) => [
      ...row.labels.map((text) => ({ text })),
      ...figures.map((name): TextCell => {
        const figure = Object.hasOwn(row.figures, name) ? row.figures[name] : undefined;
        if (!figure) return { text: statusOf(row), number: true };
        const { length } = row.cells;
        const partial = figure.count < length ? ` (${figure.count} of ${length})` : '';
        const place = places(row, name);
        return { text: figureText(figure) + partial, best: place === 1, second: place === 2, number: true };
      }),
      { text: row.parameters?.toLocaleString('en') ?? '', number: true },
      { text: row.seconds === undefined ? '' : duration(row.seconds), number: true },
    ]),
  };
}

/** What stands where there is no figure. */
function statusOf({ cells }: StudyRow): string {
  const statuses = new Set(cells.map(({ state }) => state.status));
  return (
    (['running', 'failed', 'paused', 'interrupted', 'waiting'] as const).find((status) => statuses.has(status)) ?? ''
  );
}

/**
 * The place of a row's figure among the rows of its data set: 1, 2, or undefined. Equal as the table shows it is equally good. Of a search, the first
 * is what validation images chose, in all figures, and there is no second.
 */
export function placesOf({ rows }: Pick<Study, 'rows'>): (row: StudyRow, figure: string) => 1 | 2 | undefined {
  if (isSearched(rows)) {
    const chosen = chosenRows(rows);
    return (row) => (chosen.has(row) ? 1 : undefined);
  }
  const groups = groupBy(rows, ({ values }) => testedAlike(values));
  const known = new Map<string, readonly string[]>();
  return (row, figure) => {
    const group = testedAlike(row.values);
    const among = groups.get(group)!;
    if (among.length < 2) return undefined;
    const key = JSON.stringify([group, figure]);
    const order = known.get(key) ?? [...new Set(ranked(among, figure).map((other) => rounded(other.figures[figure]!)))];
    known.set(key, order);
    const place = order.indexOf(rounded(row.figures[figure]!)) + 1;
    return place === 1 || place === 2 ? place : undefined;
  };
}

/** The rows that validation images chose in a search: one of each data set, protocol and number of shots, where there is a choice. */
export function chosenRows(rows: readonly StudyRow[]): ReadonlySet<StudyRow> {
  const groups = [...groupBy(rows, ({ values }) => searchedAlike(values)).values()];
  const chosen = groups.map((own) =>
    own.filter((row) => row.validated).sort((a, b) => byValidation(a.validated!, b.validated!)),
  );
  return new Set(chosen.flatMap(([first], i) => (first && groups[i]!.length > 1 ? [first] : [])));
}

/** What a mark stands for where a search chose. */
export const CHOSEN = 'chosen by validation images';

function rounded(figure: Figure): string {
  return shownText(figure, figure.mean, 1);
}

/** A table as text. @param title becomes LaTeX's caption @param label what LaTeX's `\\ref` calls it */
export function renderTable(table: TextTable, format: Exclude<TableFormat, 'json'>, title = '', label = ''): string {
  return { table: asTerminal, markdown: asMarkdown, latex: asLatex, csv: asCsv }[format](table, title, label);
}

function asTerminal({ head, rows }: TextTable): string {
  const isNumber = head.map((_, column) => rows.some((row) => row[column]?.number));
  const table = new Table({
    head: head.map(visible),
    colAligns: isNumber.map((number) => (number ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows)
    table.push(
      row.map(({ text, best, mark = '', number }) => (number ? `${text}${mark}${best ? ' *' : '  '}` : visible(text))),
    );
  return table.toString();
}

/** Rows of Markdown. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rules: readonly string[] = head.map(() => '---'),
): string {
  const line = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`;
  return [line(head.map(markdownText)), line(rules), ...rows.map(line)].join('\n');
}

/** Text in which Markdown sees no table, no page and no picture. */
export function markdownText(text: string): string {
  return visible(text)
    .replaceAll(/[\\|`*]|\](?=\()/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;');
}

function asMarkdown({ head, rows }: TextTable): string {
  const rules = head.map((_, column) => (rows.some((row) => row[column]?.number) ? '---:' : '---'));
  const body = rows.map((row) =>
    row.map(({ text, best, second, mark = '' }) => {
      const shown = markdownText(text) + mark;
      return best ? `**${shown}**` : second ? `<u>${shown}</u>` : shown;
    }),
  );
  return markdownTable(head, body, rules);
}

/** What LaTeX takes for something else. */
const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '–': '--',
  '±': '$\\pm$',
  '→': '$\\rightarrow$',
  '−': '$-$',
  '·': '$\\cdot$',
};

export function latexText(text: string): string {
  return visible(text).replace(/[&%$#_{}\\~^–±→−·]/g, (sign) => LATEX[sign] ?? `\\${sign}`);
}

/** A table for the package booktabs. Numbers and their deviations are set as the papers do: 71.2 with a small ± 0.4. */
function asLatex({ head, rows, groups = [] }: TextTable, title: string, label: string): string {
  const columns = head.map((_, column) => (rows.some((row) => row[column]?.number) ? 'r' : 'l')).join('');
  const line = (texts: readonly string[]): string => `  ${texts.join(' & ')} \\\\`;
  const body = rows.flatMap((row, i) => [
    ...(i > 0 && groups.includes(i) ? ['  \\midrule'] : []),
    line(row.map(latexCell)),
  ]);
  return [
    '% needs \\usepackage{booktabs}',
    '\\begin{table}',
    '  \\centering',
    ...(title ? [`  \\caption{${latexText(title)}}`] : []),
    ...(label ? [`  \\label{${label}}`] : []),
    `  \\begin{tabular}{${columns}}`,
    '  \\toprule',
    line(head.map(latexText)),
    '  \\midrule',
    ...body,
    '  \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
  ].join('\n');
}

function latexCell({ text, best, second, mark, number }: TextCell): string {
  const [value, ...rest] = number ? text.split(' ± ') : [text];
  const main = latexText(value!);
  const set = best ? `\\textbf{${main}}` : second ? `\\underline{${main}}` : main;
  const spread = rest.length > 0 ? `\\,{\\scriptsize$\\pm$\\,${latexText(rest.join(' ± '))}}` : '';
  return `${set}${mark ? `$^{${LATEX_MARKS[mark] ?? latexText(mark)}}$` : ''}${spread}`;
}

const LATEX_MARKS: Readonly<Record<string, string>> = { '†': '\\dagger' };

function asCsv({ head, rows }: TextTable): string {
  const cells = [
    head.map(csvText),
    ...rows.map((row) => row.map(({ text, number }) => (number ? quoted(text) : csvText(text)))),
  ];
  return cells.map((row) => row.join(',')).join('\n');
}

/** Text that begins as a formula does gets an apostrophe, as spreadsheets show it: no name is computed. */
function csvText(text: string): string {
  const isFormula = /^\s*[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text));
  return quoted(isFormula ? `'${text}` : text);
}

function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Signs that move a terminal's cursor or part lines, as they are written in programs. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (sign) =>
    JSON.stringify(sign)
      .slice(1, -1)
      .replace(/^[\x7f-\x9f]$/, hex),
  );
}

function hex(sign: string): string {
  return `\\x${sign.charCodeAt(0).toString(16)}`;
}
