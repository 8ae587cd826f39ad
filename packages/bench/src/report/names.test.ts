import type { Evaluation } from '@promptweave/core';
import { expect, it } from 'vitest';
import { crossDataset } from '../protocols/plugins.js';
import { CellFolder } from '../sweep/cell-folder.js';
import { compareRows } from './analysis/comparison.js';
import { resultSection } from './page/result-table.js';
import { bestOf, studyOf, type StudiedCell } from './study.js';
import { studyText } from './study-text.js';
import { renderTable, studyTable } from './table.js';

const NAMES = [
  ...['photos (1)', 'speed (images/s)', 'HM', 'macroF1', 'accuracy', 'all', 'forgetting', '__proto__', 'toString'],
  ...['a|b', 'a\nb', 'a&b_c', 'x,"y"', '=1+1', '<b>x</b>', 'a\\b', 'a → b', '\u001b[2Jx', '![x](y)'],
];

/** A cell that was tested on data sets of all these names. */
function cell(learningRate: number, accuracy: number): StudiedCell {
  const evaluations = Object.fromEntries(NAMES.map((name) => [name, { accuracy } as Evaluation]));
  const summary = crossDataset.summary(evaluations, {} as never);
  const outcome = { summary, parameters: 1, seconds: 1, evaluationSeconds: 1, date: '' };
  const values = { 'train.learningRate': learningRate, seed: 1 };
  return { id: `${learningRate}`, values, folder: new CellFolder('none'), state: { status: 'finished', outcome } };
}

const cells = [cell(0.002, 0.9), cell(300, 0.2)];
const study = studyOf({ name: 's', protocol: 'cross-dataset', folder: 'f', cells });
const table = studyTable(study);

it('nothing is read out of the names of data sets: all are percent, more is better, and the mean leads', () => {
  expect(study.figures).toEqual([...NAMES, 'average']);
  expect(bestOf(study)).toMatchObject({ figure: 'average', cell: { id: '0.002' } });
  const [good, bad] = table.rows.map((row) => row.slice(1, -2));
  expect(good!.map(({ text, best }) => [text, best])).toEqual(good!.map(() => ['90.0', true]));
  expect(bad!.map(({ text, best }) => [text, best])).toEqual(bad!.map(() => ['20.0', false]));
  const { differences } = compareRows(study, { 'train.learningRate': '300' })!.baselines[0]!;
  expect(Object.values(differences[0]!).map(({ mean }) => mean.toFixed(6))).toEqual(good!.map(() => '0.700000'));
});

it('names stay names in every format', () => {
  const markdown = renderTable(table, 'markdown').split('\n');
  expect(markdown).toHaveLength(4);
  for (const line of markdown) expect(line.match(/(?<!\\)\|/g)).toHaveLength(NAMES.length + 5);
  expect(markdown[0]).toContain('&lt;b>x&lt;/b>');
  expect(markdown[0]).toContain('![x\\](y)');
  const latex = renderTable(table, 'latex').split('\n');
  const head = latex[latex.indexOf('  \\toprule') + 1];
  expect(head!.match(/(?<!\\)&/g)).toHaveLength(NAMES.length + 3);
  expect(head).toContain('a\\textbackslash{}b');
  const csv = renderTable(table, 'csv').split('\n');
  expect(csv).toHaveLength(4); // the name with a line break is quoted
  expect(csv.join('\n')).toContain('"x,""y"""');
  expect(csv.join('\n')).toContain(",'=1+1,");
  expect(studyText(study, 'table')).not.toContain('\u001b');
  const json = JSON.parse(studyText(study, 'json')) as { rows: { figures: Record<string, { mean: number }> }[] };
  for (const name of NAMES)
    expect(Object.entries(json.rows[0]!.figures).find(([key]) => key === name)?.[1].mean).toBe(0.9);
  const { html } = resultSection(study, compareRows(study));
  expect(html).not.toMatch(/<b>x/);
  expect(html.match(/data-value="0.9"/g)).toHaveLength(NAMES.length + 1);
});
