import Table from 'cli-table3';
import { duration } from '@promptweave/core';
import { shownText, smallerIsBetter } from '../protocols/figure-unit.js';
import type { Figure, Study, StudyRow } from './study.js';

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

/** 0.7123 ± 0.004 → `71.2 ± 0.4`, percent; a figure with a unit in its name is shown as it is. */
export function figureText({ mean, sd, count }: Figure, name = ''): string {
  const value = shownText(name, mean, 1);
  return count > 1 ? `${value} ± ${shownText(name, sd, 1)}` : value;
}

/** Rows: the varied axes without the seed; columns: the protocol's figures, learned parameters and time. */
export function studyTable({ axes, figures, rows }: Study): TextTable {
  const best = new Map(figures.map((figure) => [figure, bestOf(rows, figure)]));
  return {
    head: [...axes, ...figures, 'parameters', 'time'],
    rows: rows.map((row) => [
      ...row.labels.map((text) => ({ text })),
      ...figures.map((name): TextCell => {
        const figure = row.figures[name];
        if (!figure) return { text: statusOf(row), number: true };
        const { length } = row.cells;
        const partial = figure.count < length ? ` (${figure.count} of ${length})` : '';
        const isBest = rows.length > 1 && rounded(figure.mean) === best.get(name);
        return { text: figureText(figure, name) + partial, best: isBest, number: true };
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

function bestOf(rows: readonly StudyRow[], figure: string): number {
  const means = rows.flatMap((row) => row.figures[figure]?.mean ?? []).map(rounded);
  return smallerIsBetter(figure) ? Math.min(...means) : Math.max(...means);
}

/** Equal to the tenth of a percent, as the table shows it, is equally good. */
function rounded(value: number): number {
  return Math.round(1000 * value);
}

/** A table as text. @param title becomes LaTeX's caption */
export function renderTable(table: TextTable, format: Exclude<TableFormat, 'json'>, title = ''): string {
  return { table: asTerminal, markdown: asMarkdown, latex: asLatex, csv: asCsv }[format](table, title);
}

function asTerminal({ head, rows }: TextTable): string {
  const isNumber = head.map((_, column) => rows.some((row) => row[column]?.number));
  const table = new Table({
    head: [...head],
    colAligns: isNumber.map((number) => (number ? 'right' : 'left')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows)
    table.push(row.map(({ text, best, number }) => (number ? `${text}${best ? ' *' : '  '}` : text)));
  return table.toString();
}

function asMarkdown({ head, rows }: TextTable): string {
  const escape = (text: string): string => text.replaceAll('|', '\\|');
  const line = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`;
  const rule = head.map((_, column) => (rows.some((row) => row[column]?.number) ? '---:' : '---'));
  const body = rows.map((row) => line(row.map(({ text, best }) => (best ? `**${escape(text)}**` : escape(text)))));
  return [line(head.map(escape)), line(rule), ...body].join('\n');
}

function asLatex({ head, rows }: TextTable, title: string): string {
  const escape = (text: string): string =>
    text
      .replace(/[&%$#_{}]/g, '\\$&')
      .replaceAll(' ± ', ' $\\pm$ ')
      .replaceAll('–', '--');
  const columns = head.map((_, column) => (rows.some((row) => row[column]?.number) ? 'r' : 'l')).join('');
  const line = (texts: readonly string[]): string => `  ${texts.join(' & ')} \\\\`;
  const body = rows.map((row) =>
    line(row.map(({ text, best }) => (best ? `\\textbf{${escape(text)}}` : escape(text)))),
  );
  return [
    '\\begin{table}',
    ...(title ? [`  \\caption{${escape(title)}}`] : []),
    `  \\begin{tabular}{${columns}}`,
    '  \\toprule',
    line(head.map(escape)),
    '  \\midrule',
    ...body,
    '  \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
  ].join('\n');
}

function asCsv({ head, rows }: TextTable): string {
  const quote = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [head, ...rows.map((row) => row.map(({ text }) => text))].map((row) => row.map(quote).join(',')).join('\n');
}
