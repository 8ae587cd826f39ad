import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePredictions } from '@promptweave/core/experiment';
import { afterAll, expect, it } from 'vitest';
import { benchmarkResult } from '../benchmark/benchmark-result.js';
import { benchmarkTable } from '../benchmark/benchmark-table.js';
import { CellFolder } from '../sweep/cell-folder.js';
import { compareRows } from './analysis/comparison.js';
import { holm, pValue, RESAMPLES } from './analysis/resampling.js';
import { compareStudies, comparisonText } from './compare-studies.js';
import { paperTable } from './paper-table.js';
import { studyOf, type StudiedCell, type Study } from './study.js';
import { studyText } from './study-text.js';
import { renderTable, studyTable } from './table.js';

const folder = mkdtempSync(join(tmpdir(), 'tables-'));
afterAll(() => rmSync(folder, { recursive: true }));

const IMAGES = 200;
/** A finished cell of `base-to-novel` that answered so many of 200 images of each half rightly. */
function cell(study: string, name: string, dataset: string, seed: number, base: number, novel: number): StudiedCell {
  const values = { dataset: { use: dataset, root: '/somewhere/else' }, seed };
  const id = `${study}-${name}-${dataset}-${seed}`;
  const path = join(folder, id);
  mkdirSync(path);
  writeFileSync(
    join(path, 'config.yaml'),
    `protocol: { use: base-to-novel }\ntrain: { epochs: ${study === 'b' ? 2 : 1} }\n`,
  );
  const answers = (right: number, set: string) => ({
    images: Array.from({ length: IMAGES }, (_, i) => `${dataset} ${set} ${i}`),
    labels: Array.from({ length: IMAGES }, () => 0),
    predicted: Array.from({ length: IMAGES }, (_, i) => (i < right ? 0 : 1)),
    confidence: Array.from({ length: IMAGES }, () => 0.5),
  });
  writePredictions(path, { base: answers(base, 'base'), novel: answers(novel, 'novel') });
  const [b, n] = [base / IMAGES, novel / IMAGES];
  const summary = { base: b, novel: n, HM: { value: (2 * b * n) / (b + n), leads: true } };
  const outcome = { summary, parameters: name === 'clip' ? 0 : 9, seconds: 1, evaluationSeconds: 1, date: '' };
  return {
    id,
    name,
    standsFor: ['preset'],
    values,
    folder: new CellFolder(path),
    state: { status: 'finished', outcome },
  };
}
const studyFrom = (name: string, cells: StudiedCell[]): Study =>
  studyOf({ name, protocol: 'base-to-novel', folder, cells });
const grid = (study: string, more: number): StudiedCell[] => [
  cell(study, 'clip', 'dtd', 1, 80, 100),
  cell(study, 'clip', 'eurosat', 1, 150, 150),
  ...[1, 2].flatMap((seed) => [
    cell(study, 'coop', 'dtd', seed, 140 + seed, 60),
    cell(study, 'coop', 'eurosat', seed, 150, 150 + seed),
    cell(study, 'ours', 'dtd', seed, 141 + seed + more, 99),
    cell(study, 'ours', 'eurosat', seed, 150 - seed, 149),
  ]),
];
const study = studyFrom('a', grid('a', 0));
const comparison = compareRows(study);

it('marks the best of each data set, never across them', () => {
  const best = studyTable(study).rows.flatMap((row) => (row[2]!.best ? [`${row[1]!.text} ${row[0]!.text}`] : []));
  expect(best.toSorted()).toEqual(['dtd ours', 'eurosat clip', 'eurosat coop']); // equal as shown
});

it('does not compare entries of a list that name other data sets', () => {
  const named = (name: string, use: string, right: number): StudiedCell => {
    const made = cell('list', name, use, 1, right, right);
    return { ...made, name, standsFor: ['dataset'], values: { dataset: { use }, seed: 1 } };
  };
  const list = studyFrom('list', [named('A', 'dtd', 50), named('B', 'cars', 150), named('C', 'cars', 100)]);
  expect(studyTable(list).rows.map((row) => row.map(({ best = false }) => best)[1])).toEqual([false, true, false]);
});

it('has methods as rows and data sets as columns, with places, deviations and what is not chance', () => {
  const table = paperTable(study, comparison);
  expect(table.head).toEqual(['name', 'figure', 'dtd', 'eurosat', 'average']);
  const latex = renderTable(table, 'latex', 'A & B', 'tab:a').split('\n');
  expect(latex.slice(0, 8)).toEqual([
    ...[
      '% needs \\usepackage{booktabs}',
      '\\begin{table}',
      '  \\centering',
      '  \\caption{A \\& B}',
      '  \\label{tab:a}',
    ],
    ...['  \\begin{tabular}{llrrr}', '  \\toprule', '  name & figure & dtd & eurosat & average \\\\'],
  ]);
  const line = (name: string, figure: string) => latex.find((text) => text.startsWith(`  ${name} & ${figure} `));
  expect(line('ours', 'base')).toBe(
    '  ours & base & \\textbf{71.2}$^{\\dagger}$\\,{\\scriptsize$\\pm$\\,0.4} & \\underline{74.3}\\,{\\scriptsize$\\pm$\\,0.4} & \\underline{72.7} \\\\',
  );
  expect(line('coop', 'base')).toContain('\\underline{70.8}$^{\\dagger}$');
  expect(line('clip', 'novel')).toContain('\\textbf{50.0} & \\underline{75.0}');
  expect(latex.filter((text) => text === '  \\midrule')).toHaveLength(3);
  expect(studyText(study, 'latex', { comparison })).toMatch(
    /\\caption\{a, base-to-novel\. Percent.*†?.*clip.*\}\n {2}\\label\{tab:a\}/,
  );
  const markdown = studyText(study, 'markdown', { comparison });
  expect(markdown).toContain('| ours | base | **71.2 ± 0.4†** | <u>74.3 ± 0.4</u> | <u>72.7</u> |');
  expect([...markdown, ...latex].join('')).not.toContain('somewhere');
});

it('says the harmonic means as a benchmark does, by the same names', () => {
  const ofStudy = paperTable(study).rows.map((row) => row.map(({ text }) => text));
  const ofBench = benchmarkTable(
    benchmarkResult(study, { protocol: 'base-to-novel', checkpoint: 'icons', shots: [16] }),
  ).rows.map((row) => row.map(({ text }) => text));
  const round = (text: string): string => text.replaceAll(/\d+\.\d+/g, (digits) => Number(digits).toFixed(0));
  expect(ofBench.map((row) => row.slice(0, 2))).toEqual(ofStudy.map((row) => row.slice(0, 2)));
  expect(ofBench.map((row) => row.map(round))).toEqual(ofStudy.map((row) => row.map(round)));
});

it('gives every number as a row, with identity, seed and bounds', () => {
  const [head, ...lines] = studyText(study, 'csv', { comparison }).split('\n');
  const columns = head!.split(',');
  const rows = lines.map((line) => Object.fromEntries(line.split(',').map((value, i) => [columns[i], value])));
  const one = rows.find((row) => row['cell'] === 'a-ours-dtd-1' && row['figure'] === 'base')!;
  expect(one).toMatchObject({ of: 'cell', name: 'ours', dataset: 'dtd', seed: '1', value: '0.71', unit: '' });
  expect(Number(one['low'])).toBeCloseTo(0.71 - 1.96 * 0.0321, 1);
  const row = rows.find(
    (each) => each['of'] === 'row' && each['name'] === 'ours' && each['dataset'] === 'dtd' && each['figure'] === 'base',
  )!;
  expect(row).toMatchObject({ seeds: '2', baseline: 'clip' });
  expect(Number(row['difference'])).toBeCloseTo(0.3125, 10);
  expect(Number(row['pHolm'])).toBeGreaterThanOrEqual(Number(row['p']));
  const json = JSON.parse(studyText(study, 'json', { comparison })) as { values: { value: number }[] };
  expect(json.values).toHaveLength(lines.length);
  expect(json.values.every(({ value }) => typeof value === 'number')).toBe(true);
});

it('compares two studies row by row: what changed, and by how much', () => {
  const after = studyFrom('b', [...grid('b', 20), cell('b', 'new', 'dtd', 1, 1, 1)]);
  const found = compareStudies(study, after);
  expect(found.alone).toEqual([{ study: 'b', label: 'new · dtd' }]);
  const ours = found.pairs.find(({ label }) => label === 'ours · dtd')!;
  expect(ours.changed).toEqual(['train.epochs']);
  expect(ours.differences['base']!.mean).toBeCloseTo(0.1, 10);
  expect(ours.differences['base']!.interval!.low).toBeGreaterThan(0.05); // by hand: 0.1 ± 1.96 · sqrt(0.1 · 0.9 / 200) = ± 0.042
  expect(ours.differences['novel']).toMatchObject({ mean: 0, interval: { low: 0, high: 0 } });
  const text = comparisonText(found, [study, after], 'markdown');
  expect(text).toMatch(
    /\| ours · dtd \| base \| 71\.2 ± 0\.4 \| 81\.3 ± 0\.4 \| \+10\.0 \[\+\d\.\d, \+1\d\.\d\]† \| train\.epochs \|/,
  );
  expect(text).toContain('Only in b: new · dtd.');
});

it('corrects p-values as Holm does', () => {
  // 0.01 · 4, 0.02 · 3, max(0.06, 0.03 · 2), max(0.06, 0.04)
  expect(holm([0.03, 0.01, 0.04, 0.02])).toEqual([0.06, 0.04, 0.06, 0.06]);
  expect(holm([0.5, 0.9])).toEqual([1, 1]);
  const draws = Float64Array.from({ length: RESAMPLES }, (_, i) => (i < 20 ? -1 : 1));
  expect(pValue(draws)).toBeCloseTo((2 * 21) / (RESAMPLES + 1), 12);
});
