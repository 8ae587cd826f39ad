import type { ProtocolSummary } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { publishedFor } from '../benchmark/published.js';
import { CellFolder } from '../sweep/cell-folder.js';
import { compareRows } from './analysis/comparison.js';
import { plainSvg } from './draw.js';
import { htmlPage } from './html-page.js';
import { resultSection } from './page/result-table.js';
import { figureHtml } from './page/sections.js';
import { figureBars } from './pictures.js';
import { studyOf, type StudiedCell } from './study.js';
import { studyText } from './study-text.js';
import { renderTable, studyTable } from './table.js';

const date = '2026-01-01T00:00:00.000Z';

function cell(values: Record<string, unknown>, summary?: ProtocolSummary, name?: string): StudiedCell {
  const outcome = { summary: summary ?? {}, parameters: 2048, seconds: 50, evaluationSeconds: 15, date };
  const failures = [{ kind: 'error' as const, message: 'no more memory', remedy: 'Lower train.batch.', date }];
  const id = JSON.stringify(values);
  const state = summary ? { status: 'finished' as const, outcome } : { status: 'failed' as const, failures };
  return {
    id,
    values,
    folder: new CellFolder(`cells/${id.length}`),
    state,
    name,
    standsFor: name === undefined ? [] : ['preset'],
  };
}

const study = studyOf({
  name: 'grid',
  protocol: 'base-to-novel',
  folder: 'runs/grid',
  cells: [
    cell({ 'prompt.use': 'coop', 'train.batch': 4, seed: 1 }, { base: 0.8, novel: 0.6, HM: 0.6857 }),
    cell({ 'prompt.use': 'coop', 'train.batch': 4, seed: 2 }, { base: 0.7, novel: 0.5, HM: 0.5833 }),
    cell({ 'prompt.use': 'maple', 'train.batch': 4, seed: 1 }, { base: 0.7, novel: 0.7, HM: 0.7 }),
    cell({ 'prompt.use': 'comma', 'train.batch': 4, seed: 1 }),
  ],
});

describe('a study', () => {
  it('has the varied axes without the seed, and figures over seeds', () => {
    expect(study.axes).toEqual(['prompt.use']);
    expect(study.seeds).toEqual([1, 2]);
    expect(study.rows.map(({ labels }) => labels[0])).toEqual(['coop', 'maple', 'comma']);
    const { base } = study.rows[0]!.figures;
    expect(base!.mean).toBeCloseTo(0.75, 12);
    expect(base!.sd).toBeCloseTo(Math.sqrt(0.005), 12);
    expect(study.failures).toHaveLength(1);
  });

  it('leaves a cell without a figure out of its mean', () => {
    const step = (value: number): ProtocolSummary => ({ step: { value, unit: 'ms', better: 'less' } });
    const summaries = [{}, step(20), step(30)];
    const cells = summaries.map((summary, i) => {
      return cell({ 'prompt.use': 'coop', seed: i }, { accuracy: 0.5, ...summary });
    });
    const { figures } = studyOf({ name: 'e', protocol: 'efficiency', folder: 'f', cells }).rows[0]!;
    expect(figures['step']).toMatchObject({ mean: 25, count: 2, unit: 'ms' });
    expect(figures['accuracy']).toMatchObject({ mean: 0.5, count: 3 });
  });

  it('calls named entries by their names and leaves out what these stand for', () => {
    const named = (name: string, preset: string, labels: string) =>
      cell({ preset, 'labels.use': labels, seed: 1 }, { accuracy: 0.5 }, name);
    const cells = [named('A', 'x', 'frozen'), named('A', 'x', 'lamm'), named('B', 'y', 'frozen')];
    const { axes, rows } = studyOf({ name: 'n', protocol: 'few-shot', folder: 'f', cells });
    expect(axes).toEqual(['name', 'labels.use']);
    expect(rows.map(({ labels }) => labels)).toEqual([
      ['A', 'frozen'],
      ['A', 'lamm'],
      ['B', 'frozen'],
    ]);
  });

  it('is written as each format wants it', () => {
    const table = studyTable(study);
    expect(renderTable(table, 'csv').split('\n')).toEqual([
      'prompt.use,base,novel,HM (of means),HM (mean of HMs),parameters,time',
      'coop,75.0 ± 7.1,55.0 ± 7.1,63.5 ± 7.2,63.5 ± 7.2,"2,048",1:05', // 63.46 of 75 and 55; 63.45 of 68.57 and 58.33
      'maple,70.0,70.0,70.0,70.0,"2,048",1:05',
      'comma,failed,failed,failed,failed,,',
    ]);
    expect(renderTable(table, 'markdown').split('\n').slice(1, 4)).toEqual([
      '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
      '| coop | **75.0 ± 7.1** | <u>55.0 ± 7.1</u> | <u>63.5 ± 7.2</u> | <u>63.5 ± 7.2</u> | 2,048 | 1:05 |',
      '| maple | <u>70.0</u> | **70.0** | **70.0** | **70.0** | 2,048 | 1:05 |',
    ]);
    const spread = '\\,{\\scriptsize$\\pm$\\,7.1}';
    expect(renderTable(table, 'latex')).toContain(`coop & \\textbf{75.0}${spread} & \\underline{55.0}${spread}`);
    const text = studyText(study, 'table');
    expect(text).toContain('1 cell failed:');
    expect(text).toContain('no more memory Lower train.batch.');
    expect(JSON.parse(studyText(study, 'json'))).toMatchObject({
      rows: [{ values: { 'prompt.use': 'coop' } }, {}, {}],
    });
  });

  it('is drawn, and escaped where it is a page', async () => {
    const bars = await figureBars([{ dataset: '', rows: study.rows }], study.figures);
    expect(bars!.svg).toMatch(/^<svg[\s\S]*<\/svg>$/);
    expect(bars!.svg).toContain('aria-label="maple, HM: 70.0"');
    expect(plainSvg(bars!)).not.toContain('currentColor');
    const page = htmlPage({
      ...{ title: '<grid>', protocol: 'p', intro: '' },
      sections: [resultSection(study, compareRows(study)), { id: 'f', heading: 'Figures', html: figureHtml(bars!) }],
    });
    expect(page).toContain('&lt;grid&gt;');
    expect(page).not.toMatch(/(src|href)="(?!data:|#)/); // nothing is fetched
    expect(page).toContain('<td class="number best" data-value="0.75"><span>75.0 ± 7.1</span></td>');
  });
});

describe('published numbers', () => {
  it('has averages that agree with the data sets they are of', () => {
    for (const { name, average, datasets: each } of publishedFor({
      protocol: 'base-to-novel',
      shots: 16,
      checkpoint: 'openai/clip-vit-base-patch16',
    })) {
      if (!each) continue;
      for (const figure of ['base', 'novel']) {
        const numbers = Object.values(each).map((figures) => figures[figure]!);
        const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
        expect(numbers, name).toHaveLength(11);
        expect(Math.abs(mean - average![figure]!), `${name} ${figure}`).toBeLessThan(0.1);
      }
    }
  });
});
