import { figureTitle } from '@promptweave/core/experiment';
import { comparisonNote } from './page/result-table.js';
import { differenceText } from './analysis/comparison.js';
import type { Picture } from './pictures.js';
import type { ReportContent } from './report-content.js';
import { shownName } from './row-figures.js';
import { studyText } from './study-text.js';
import { markdownTable, markdownText } from './table.js';

/** Folder of the pictures, beside the Markdown file. */
export const PICTURES = 'pictures';

/** The report as Markdown. */
export function reportMarkdown(
  content: ReportContent,
  intro: string,
  reproduce: readonly { readonly cell: string; readonly command: string }[],
): string {
  const { study, pictures, labels } = content;
  const drawn = (list: readonly Picture[]): string[] =>
    list.map(({ name, title }) => `![${markdownText(title.replaceAll(/[[\]]/g, ''))}](${PICTURES}/${name}.svg)`);
  const part = (heading: string, ...parts: readonly string[]): string[] =>
    parts.length === 0 ? [] : [`## ${heading}`, ...parts];
  const resolved = labels?.confusions.map(({ set, actual, mistakenFor, before, after }) => {
    return [actual, mistakenFor, set, String(before), String(after)];
  });
  const head = ['class', 'was taken for', 'images of', 'frozen labels', 'learned labels'];
  return [
    `# ${markdownText(study.name)}`,
    markdownText(intro),
    studyText(study, 'markdown'),
    ...differences(content),
    ...part('Search', ...drawn(pictures.search)),
    ...part('Figures', ...drawn(pictures.figures)),
    ...part('Along the axes', ...drawn(pictures.axes)),
    ...part('Training', ...drawn(pictures.training)),
    ...part('Cost', ...drawn(pictures.cost)),
    ...part('Learned labels', ...drawn(pictures.labels), ...(resolved?.length ? [table(head, resolved)] : [])),
    ...part('Confusions', ...drawn(pictures.confusion)),
    ...part('Nearest words', ...words(content)),
    ...part('Reproduce', reproduce.map(({ cell, command }) => `- ${markdownText(cell)}: ${code(command)}`).join('\n')),
    '',
  ].join('\n\n');
}

function differences({ study: { axes, figures, kinds, rows }, comparison }: ReportContent): string[] {
  const [baseline] = comparison?.baselines ?? [];
  if (!comparison || !baseline) return [];
  const found = rows.flatMap(({ labels }, r) => {
    const row = baseline.differences[r];
    return row
      ? [[...labels, ...figures.map((name) => (Object.hasOwn(row, name) ? differenceText(row[name]!) : ''))]]
      : [];
  });
  if (found.length === 0) return [];
  return [
    `## Against ${markdownText(baseline.name)}`,
    table([...axes, ...figures.map((name) => figureTitle(shownName(name), kinds.get(name)))], found),
    markdownText(comparisonNote(comparison).replace('Below each figure: p', 'P')),
  ];
}

function words({ words: rows }: ReportContent): string[] {
  return rows.flatMap(({ row, words: { context, labels } }) => {
    const near = (list: readonly { word: string; distance: number }[]): string =>
      list.map(({ word, distance }) => `${word || '·'} (${distance.toPrecision(3)})`).join(', ');
    const found = [
      ...context.map((vector) => [vector.class ?? 'context', String(vector.position + 1), '', near(vector.words)]),
      ...labels.map((vector) => [
        vector.class ?? '',
        String(vector.position + 1),
        vector.from?.word ?? '',
        near(vector.words),
      ]),
    ];
    return [`### ${markdownText(row)}`, table(['of', 'vector', 'started from', 'nearest words'], found)];
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return markdownTable(
    head,
    rows.map((row) => row.map(markdownText)),
  );
}

function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`';
  return `${fence}${text}${fence}`;
}
