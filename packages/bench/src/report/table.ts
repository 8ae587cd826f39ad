import Table from 'cli-table3';
import type { ProtocolSummary } from '@promptweave/core';
import { duration, figureOf, figureTitle } from '@promptweave/core/experiment';
import { shownText } from '../protocols/figure-unit.js';
import { leadingFigure, ranked, type Figure, type Study, type StudyRow } from './study.js';

/** How a table is written. */
export const tableFormats = ['table', 'markdown', 'latex', 'csv', 'json'] as const;
/** How a table is written. */
export type TableFormat = (typeof tableFormats)[number];

/** A table of texts; `best` cells are marked as each format can. */
export interface TextTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly TextCell[])[];
}

/** One entry of a table. */
export interface TextCell {
  readonly text: string;
  readonly best?: boolean;
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
export function studyTable({ axes, figures, kinds, rows }: Study): TextTable {
  const best = new Map(figures.map((figure) => [figure, bestOf(rows, figure)]));
  return {
    head: [...axes, ...figures.map((name) => figureTitle(name, kinds.get(name))), 'parameters', 'time'],
    rows: rows.map((row) => [
      ...row.labels.map((text) => ({ text })),
      ...figures.map((name): TextCell => {
        const figure = Object.hasOwn(row.figures, name) ? row.figures[name] : undefined;
        if (!figure) return { text: statusOf(row), number: true };
        const { length } = row.cells;
        const partial = figure.count < length ? ` (${figure.count} of ${length})` : '';
        const isBest = rows.length > 1 && rounded(figure) === best.get(name);
        return { text: figureText(figure) + partial, best: isBest, number: true };
      }),
      { text: row.parameters?.toLocaleString('en') ?? '', number: true },
      { text: row.seconds === undefined ? '' : duration(row.seconds), number: true },
    ]),
  };
}

/** What stands where there is no figure. */
function statusOf({ cells }: StudyRow): string {
  const statuses = new Set(cells.map(({ state }) => state.status));
  return (['running', 'failed', 'interrupted', 'waiting'] as const).find((status) => statuses.has(status)) ?? '';
}

function bestOf(rows: readonly StudyRow[], name: string): string | undefined {
  const [best] = ranked(rows, name);
  return best && rounded(best.figures[name]!);
}

/** Equal as the table shows it is equally good. */
function rounded(figure: Figure): string {
  return shownText(figure, figure.mean, 1);
}

/** A table as text. @param title becomes LaTeX's caption */
export function renderTable(table: TextTable, format: Exclude<TableFormat, 'json'>, title = ''): string {
  return { table: asTerminal, markdown: asMarkdown, latex: asLatex, csv: asCsv }[format](table, title);
}

function asTerminal({ head, rows }: TextTable): string {
  const isNumber = head.map((_, column) => rows.some((row) => row[column]?.number));
  const table = new Table({
    head: head.map(visible),
    colAligns: isNumber.map((number) => (number ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows)
    table.push(row.map(({ text, best, number }) => (number ? `${text}${best ? ' *' : '  '}` : visible(text))));
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
    row.map(({ text, best }) => (best ? `**${markdownText(text)}**` : markdownText(text))),
  );
  return markdownTable(head, body, rules);
}

/** What LaTeX takes for something else. */
const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '–': '--',
};

function latexText(text: string): string {
  return visible(text)
    .replace(/[&%$#_{}\\~^–]/g, (sign) => LATEX[sign] ?? `\\${sign}`)
    .replaceAll(' ± ', ' $\\pm$ ');
}

function asLatex({ head, rows }: TextTable, title: string): string {
  const columns = head.map((_, column) => (rows.some((row) => row[column]?.number) ? 'r' : 'l')).join('');
  const line = (texts: readonly string[]): string => `  ${texts.join(' & ')} \\\\`;
  const body = rows.map((row) =>
    line(row.map(({ text, best }) => (best ? `\\textbf{${latexText(text)}}` : latexText(text)))),
  );
  return [
    '\\begin{table}',
    ...(title ? [`  \\caption{${latexText(title)}}`] : []),
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
