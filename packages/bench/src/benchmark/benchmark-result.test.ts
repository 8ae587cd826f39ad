import { fileURLToPath } from 'node:url';
import { Registry } from '@promptweave/core';
import { plugins as datasets } from '@promptweave/datasets';
import { plugins as coop } from '@promptweave/method-coop';
import { plugins as maple } from '@promptweave/method-maple';
import { describe, expect, it } from 'vitest';
import { plugins as protocols } from '../protocols/plugins.js';
import { studyOf, type StudiedCell, type Study } from '../report/study.js';
import { benchmarkConfiguration, type BenchmarkRequest } from './benchmark-configuration.js';
import { benchmarkResult, type BenchmarkQuery } from './benchmark-result.js';
import { benchmarkTable } from './benchmark-table.js';
import { benchmarkText } from './benchmark-text.js';
import { paperDatasets } from './paper-datasets.js';

/** Finished cells of one method on one data set, a summary for each seed. */
function cellsOf(name: string, use: string, summaries: Record<string, number>[], shots?: number): StudiedCell[] {
  return summaries.map((summary, i) => ({
    id: `${name} ${use} ${shots} ${i}`,
    name,
    values: { dataset: { use, root: '/data' }, ...(shots && { 'dataset.shots': shots }), seed: i + 1 },
    folder: { path: '' } as StudiedCell['folder'],
    state: {
      status: 'finished',
      outcome: { summary, parameters: 1, seconds: 1, evaluationSeconds: 1, date: '' },
    },
  }));
}
const study = (protocol: string, cells: StudiedCell[]): Study =>
  studyOf({ name: 'x', protocol, folder: 'runs/x', cells });
const pair = (base: number, novel: number) => ({ base, novel, HM: (2 * base * novel) / (base + novel) });
const vit = 'openai/clip-vit-base-patch16';
const query = (parts: Partial<BenchmarkQuery>): BenchmarkQuery => ({
  ...{ protocol: 'base-to-novel', shots: [16], checkpoint: vit },
  ...parts,
});
const texts = (table: ReturnType<typeof benchmarkTable>): string[][] =>
  table.rows.map((row) => row.map(({ text }) => text));

describe('the table of a benchmark', () => {
  const two = study('base-to-novel', [
    ...cellsOf('maple', 'dtd', [pair(0.8, 0.4), pair(0.6, 0.6)], 16),
    ...cellsOf('maple', 'eurosat', [pair(0.9, 0.5), pair(0.9, 0.5)], 16),
  ]);

  it('gives means and deviations over seeds, averages over data sets and both harmonic means', () => {
    const { rows } = benchmarkResult(two, query({ checkpoint: 'icons' }));
    const table = benchmarkTable(benchmarkResult(two, query({ checkpoint: 'icons' })));
    // HM of dtd: 2·0.8·0.4/1.2 = 53.33 and 60, mean 56.67; of eurosat 64.29. Of the averages 80 and 50: 61.54.
    expect(table.head).toEqual(['method', 'figure', 'dtd', 'eurosat', 'average']);
    expect(texts(table)).toEqual([
      ['maple', 'base', '70.00 ± 14.14', '90.00 ± 0.00', '80.00'],
      ['maple', 'novel', '50.00 ± 14.14', '50.00 ± 0.00', '50.00'],
      ['maple', 'HM, average = mean of HMs', '56.67 ± 4.71', '64.29 ± 0.00', '60.48'],
      ['maple', 'HM, average = of the averages', '', '', '61.54'],
    ]);
    expect(rows[0]!.harmonicMeans!.ofAverages).toBeCloseTo(61.538, 3);
    expect(rows[0]!.harmonicMeans!.meanOfDatasets).toBeCloseTo((56.6667 + 64.2857) / 2, 3);
  });

  it('puts published numbers of the same setting below the method, marked', () => {
    const table = texts(benchmarkTable(benchmarkResult(two, query({}))));
    expect(table.map(([name, figure]) => `${name}, ${figure}`)).toEqual([
      ...['maple, base', 'maple, novel', 'maple, HM, average = mean of HMs', 'maple, HM, average = of the averages'],
      ...['MaPLe (published), base', 'MaPLe (published), novel'],
      ...['MaPLe (published), HM, average = mean of HMs', 'MaPLe (published), HM, average = of the averages'],
    ]);
    expect(table[4]).toEqual(['MaPLe (published)', 'base', '80.36', '94.07', '87.22']); // MaPLe's table 3
  });

  it('leaves published numbers of another setting out', () => {
    const names = (parts: Partial<BenchmarkQuery>) =>
      benchmarkResult(two, query(parts)).rows.map((row) => row.published);
    expect(names({ shots: [16] })).toEqual([false, true]);
    expect(names({ checkpoint: 'openai/clip-vit-base-patch32' })).toEqual([false]);
    expect(names({ checkpoint: 'laion/CLIP-ViT-B-16-laion2B-s34B-b88K' })).toEqual([false]);
    expect(names({ protocol: 'incremental' })).toEqual([false]);
    const fewer = study('base-to-novel', cellsOf('maple', 'dtd', [pair(0.8, 0.4)], 4));
    expect(benchmarkResult(fewer, query({ shots: [4] })).rows.map((row) => row.published)).toEqual([false]);
    expect(benchmarkResult(two, query({ allPublished: true })).rows.length).toBeGreaterThan(10);
  });

  it('gives the papers’ own averages on their 11 data sets', () => {
    const all = study(
      'base-to-novel',
      paperDatasets.flatMap((use) => cellsOf('maple', use, [pair(0.5, 0.5)], 16)),
    );
    const published = benchmarkResult(all, query({})).rows[1]!;
    expect(published.average).toEqual({ base: 82.28, novel: 75.14 });
    expect(published.harmonicMeans!.ofAverages!.toFixed(2)).toBe('78.55'); // as MaPLe prints it
  });

  it('has a line for each number of shots, and nothing where data sets are missing', () => {
    const some = study('few-shot', [
      ...cellsOf('coop', 'dtd', [{ accuracy: 0.5, macroF1: 0.4 }], 1),
      ...cellsOf('coop', 'dtd', [{ accuracy: 0.625, macroF1: 0.4 }], 16),
      ...cellsOf('coop', 'eurosat', [{ accuracy: 0.75, macroF1: 0.4 }], 16),
    ]);
    const table = benchmarkTable(benchmarkResult(some, { protocol: 'few-shot', shots: [1, 16], checkpoint: 'icons' }));
    expect(table.head).toEqual(['method', 'shots', 'dtd', 'eurosat', 'average']);
    expect(texts(table)).toEqual([
      ['coop', '1', '50.00', '', ''],
      ['coop', '16', '62.50', '75.00', '68.75'],
    ]);
  });

  it('takes figures for columns where there is one source, beside the published ones', () => {
    const figures = {
      source: 0.7,
      imagenetv2: 0.6,
      imagenet_sketch: 0.5,
      imagenet_a: 0.4,
      imagenet_r: 0.3,
      average: 0.45,
    };
    const one = study('domain-generalisation', cellsOf('maple', 'imagenet', [figures], 16));
    const table = benchmarkTable(benchmarkResult(one, query({ protocol: 'domain-generalisation' })));
    expect(table.head).toEqual(['method', ...Object.keys(figures)]);
    expect(texts(table)).toEqual([
      ['maple', '70.00', '60.00', '50.00', '40.00', '30.00', '45.00'],
      ['MaPLe (published)', '70.72', '64.07', '49.15', '50.90', '76.98', '60.26'],
    ]);
  });

  it('comes as text, Markdown, LaTeX, CSV and JSON', () => {
    const result = benchmarkResult(two, query({}));
    const as = (format: Parameters<typeof benchmarkText>[2]): string => benchmarkText(result, two, format);
    expect(as('table')).toMatch(
      /^base-to-novel with .*, 16 shots: percent, mean ± standard deviation over seeds 1, 2\n/,
    );
    expect(as('table')).toMatch(/^\(published\) MaPLe: .*README.*\.$/m);
    expect(as('markdown')).toContain('| maple | base | 70.00 ± 14.14 | 90.00 ± 0.00 | 80.00 |');
    expect(as('latex')).toContain('maple & base & 70.00 $\\pm$ 14.14 & 90.00 $\\pm$ 0.00 & 80.00 \\\\');
    expect(as('csv').split('\n')[0]).toBe('method,figure,dtd,eurosat,average');
    expect(as('csv').split('\n')[3]).toBe('maple,"HM, average = mean of HMs",56.67 ± 4.71,64.29 ± 0.00,60.48');
    const json = JSON.parse(as('json')) as { rows: { datasets: { dtd: { base: unknown } } }[]; failures: unknown[] };
    expect(json.rows[0]!.datasets.dtd.base).toEqual({ mean: 70, sd: expect.closeTo(14.142, 3), count: 2 });
    expect(json.failures).toEqual([]);
  });
});

describe('the grid of a benchmark', () => {
  const registry = new Registry(
    [...datasets, ...coop, ...maple, ...protocols].map((plugin) => ({ plugin, module: 'test', version: '1' })),
  );
  const given: BenchmarkRequest = {
    ...{ protocol: 'base-to-novel', methods: ['clip', 'coop', 'maple'], datasets: ['dtd'], shots: [16] },
    ...{ seeds: [1, 2, 3], data: '/data', checkpoint: vit },
  };

  it('names methods by their presets, and takes what learns nothing once', () => {
    const { grid, protocol } = benchmarkConfiguration(given, registry);
    expect(protocol).toBe('base-to-novel');
    expect(grid.list.map(({ name, preset }) => [name, preset])).toEqual([
      ['clip', undefined],
      ['coop', expect.stringMatching(/^coop\//)],
      ['maple', 'maple/base-to-novel'],
    ]);
    expect(grid).toMatchObject({
      dataset: [{ use: 'dtd', root: '/data' }],
      'dataset.shots': [16],
      seed: [1, 2, 3],
      except: [{ 'prompt.use': 'none', 'labels.use': 'frozen', seed: [2, 3] }],
    });
  });

  it.each<[string, Partial<BenchmarkRequest>, RegExp]>([
    ['an unknown protocol', { protocol: 'base-to-nove' }, /base-to-novel/],
    ['an unknown method', { methods: ['mapel'] }, /no method called "mapel".*maple/],
    ['an unknown data set', { datasets: ['dtt'] }, /no data set called "dtt", and no folder.*Did you mean `dtd`/],
    ['a reader of files without a path', { datasets: ['folder'] }, /needs a path/],
    ['data sets without their folder', { data: undefined }, /is read from files/],
    ['one data set twice', { datasets: ['dtd', 'dtd'] }, /called "dtd"/],
    ['targets where there are none', { targets: ['dtd'] }, /tests on the data sets that it trains on/],
  ])('refuses %s', (_, parts, message) => {
    expect(() => benchmarkConfiguration({ ...given, ...parts }, registry)).toThrow(message);
  });

  const here = fileURLToPath(new URL('../benchmark', import.meta.url));

  it('takes folders by their path, and domains as targets', () => {
    const photos = benchmarkConfiguration({ ...given, datasets: [here], targets: undefined }, registry);
    expect(photos.grid.dataset).toEqual([{ use: 'folder', path: here }]);
    const domains = { ...given, protocol: 'domain-generalisation', targets: ['domains'] };
    expect(benchmarkConfiguration(domains, registry).protocol).toEqual({
      use: 'domain-generalisation',
      targets: 'domains',
    });
  });
});
