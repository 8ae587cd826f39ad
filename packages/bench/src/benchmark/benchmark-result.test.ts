import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Registry } from '@promptweave/core/experiment';
import { plugins as datasets } from '@promptweave/datasets';
import { plugins as coop } from '@promptweave/method-coop';
import { plugins as adapters } from '@promptweave/head-adapters';
import { plugins as probes } from '@promptweave/head-linear-probe';
import { plugins as dept } from '@promptweave/method-dept';
import { plugins as lora } from '@promptweave/method-lora';
import { plugins as prograd } from '@promptweave/method-prograd';
import { plugins as promptsrc } from '@promptweave/method-promptsrc';
import { plugins as lamm } from '@promptweave/method-lamm';
import { plugins as maple } from '@promptweave/method-maple';
import { describe, expect, it } from 'vitest';
import { plugins as protocols } from '../protocols/plugins.js';
import { studyOf, type StudiedCell, type Study } from '../report/study.js';
import { benchmarkConfiguration, benchmarkDefaults, type BenchmarkRequest } from './benchmark-configuration.js';
import { benchmarkResult, type BenchmarkQuery } from './benchmark-result.js';
import { benchmarkTable } from './benchmark-table.js';
import { benchmarkText } from './benchmark-text.js';
import { datasetName } from './dataset-choice.js';
import { paperDatasets } from './paper-datasets.js';

/** Finished cells of one method on one data set, a summary for each seed. */
function cellsOf(name: string, use: string, summaries: Record<string, number>[], shots?: number): StudiedCell[] {
  return summaries.map((summary, i) => ({
    id: `${name} ${use} ${shots} ${i}`,
    name,
    values: { dataset: { use, root: '/data' }, ...(shots && { 'dataset.shots': shots }), seed: i + 1 },
    folder: { path: '', stopsAfter: () => undefined } as Partial<StudiedCell['folder']> as StudiedCell['folder'],
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
    // HM of dtd: of the means 70 and 50, 58.33 (the seeds' own are 53.33 and 60); of eurosat 64.29. Of the averages 80 and 50: 61.54.
    expect(table.head).toEqual(['method', 'figure', 'dtd', 'eurosat', 'average']);
    expect(texts(table)).toEqual([
      ['maple', 'base', '70.00 ± 14.14', '90.00 ± 0.00', '80.00'],
      ['maple', 'novel', '50.00 ± 14.14', '50.00 ± 0.00', '50.00'],
      ['maple', 'HM (of means)', '58.33 ± 4.71', '64.29 ± 0.00', '61.54'],
      ['maple', 'HM (mean of HMs)', '56.67 ± 4.71', '64.29 ± 0.00', '60.48'],
    ]);
    expect(rows[0]!.harmonicMeans!.ofAverages).toBeCloseTo(61.538, 3);
    expect(rows[0]!.harmonicMeans!.meanOfDatasets).toBeCloseTo((56.6667 + 64.2857) / 2, 3);
  });

  it('puts published numbers of the same setting below the method, marked', () => {
    const table = texts(benchmarkTable(benchmarkResult(two, query({}))));
    expect(table.map(([name, figure]) => `${name}, ${figure}`)).toEqual([
      ...['maple, base', 'maple, novel', 'maple, HM (of means)', 'maple, HM (mean of HMs)'],
      ...['MaPLe (published), base', 'MaPLe (published), novel'],
      ...['MaPLe (published), HM (of means)', 'MaPLe (published), HM (mean of HMs)'],
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

  it('compares averages over the same targets alone', () => {
    const shown = (method: string, figures: Record<string, number>): string[] => {
      const one = study('cross-dataset', cellsOf(method, 'imagenet', [figures], 16));
      return texts(benchmarkTable(benchmarkResult(one, query({ protocol: 'cross-dataset' })))).at(-1)!;
    };
    const some = { source: 0.7, dtd: 0.5, eurosat: 0.4, average: 0.45 };
    expect(shown('maple', some)).toEqual(['MaPLe (published)', '70.72', '46.49', '48.06', '47.28']); // (46.49 + 48.06) / 2
    expect(shown('maple', { source: 0.7, dtd: 0.5, pets2: 0.4, average: 0.45 }).slice(1)).toEqual([
      '70.72',
      '46.49',
      '',
      '',
    ]);
    expect(shown('kgcoop', some).slice(1)).toEqual(['70.66', '', '', '']);
    const ten = Object.fromEntries(paperDatasets.slice(1).map((name) => [name, 0.5]));
    expect(shown('kgcoop', { source: 0.7, ...ten, average: 0.5 }).at(-1)).toBe('65.51');
  });

  it('knows what was published for zero-shot CLIP, and for labels alone by both of their names', () => {
    const zero = study('zero-shot', [
      ...cellsOf('clip', 'imagenet', [{ accuracy: 0.6 }]),
      ...cellsOf('clip', 'dtd', [{ accuracy: 0.4 }]),
    ]);
    const table = benchmarkTable(benchmarkResult(zero, query({ protocol: 'zero-shot' })));
    expect(texts(table)[1]).toEqual(['CLIP (published)', '66.73', '', '']);
    for (const method of ['lamm', 'clip+lamm']) {
      const labels = study('few-shot', cellsOf(method, 'dtd', [{ accuracy: 0.7 }], 16));
      expect(benchmarkResult(labels, query({ protocol: 'few-shot' })).rows.map((row) => row.method)).toEqual([
        method,
        'LAMM',
      ]);
    }
  });

  it('comes as text, Markdown, LaTeX, CSV and JSON', () => {
    const result = benchmarkResult(two, query({}));
    const as = (format: Parameters<typeof benchmarkText>[2]): string => benchmarkText(result, two, format);
    expect(as('table')).toMatch(
      /^base-to-novel with .*, 16 shots: percent, mean ± standard deviation over seeds 1, 2\n/,
    );
    expect(as('table')).toMatch(/^\(published\) MaPLe: .*README.*\.$/m);
    expect(as('markdown')).toContain('| maple | base | 70.00 ± 14.14 | 90.00 ± 0.00 | 80.00 |');
    const spread = (value: string): string => `\\,{\\scriptsize$\\pm$\\,${value}}`;
    expect(as('latex')).toContain(`maple & base & 70.00${spread('14.14')} & 90.00${spread('0.00')} & 80.00 \\\\`);
    const [head, ...lines] = as('csv').split('\n');
    expect(head).toMatch(/^study,protocol,of,dataset,seed,cell,commit,figure,unit,value,low,high,deviation,seeds,/);
    const cells = lines.filter((line) => line.includes(',cell,'));
    expect(cells).toHaveLength(2 * 2 * (3 + 2)); // three figures of the protocol, and what the cell took
    expect(cells[0]).toBe('x,base-to-novel,cell,dtd,1,maple dtd 16 0,,base,,0.8,,,,,,,,,,');
    const json = JSON.parse(as('json')) as { rows: { datasets: { dtd: { base: unknown } } }[]; failures: unknown[] };
    expect(json.rows[0]!.datasets.dtd.base).toEqual({ mean: 70, sd: expect.closeTo(14.142, 3), count: 2 });
    expect(json.failures).toEqual([]);
  });
});

describe('the grid of a benchmark', () => {
  const registry = new Registry(
    [...datasets, ...coop, ...maple, ...lamm, ...protocols].map((plugin) => ({ plugin, module: 'test', version: '1' })),
  );
  const withHeads = new Registry(
    [
      ...coop,
      ...lamm,
      ...promptsrc,
      ...prograd,
      ...dept,
      ...lora,
      ...adapters,
      ...probes,
      ...protocols,
      ...datasets,
    ].map((plugin) => ({ plugin, module: 'test', version: '1' })),
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

  it('takes the preset of the labels for labels alone, by both of their names', () => {
    const { grid } = benchmarkConfiguration({ ...given, methods: ['lamm', 'clip+lamm', 'maple+lamm'] }, registry);
    expect(grid.list.map(({ name: _, ...settings }) => settings)).toEqual([
      { preset: 'lamm/few-shot' },
      { preset: 'lamm/few-shot' },
      { preset: 'maple/base-to-novel', 'labels.use': 'lamm' },
    ]);
  });

  it('knows methods by the names of the literature, and adds the loss of learned labels to those that a preset lists', () => {
    const methods = [
      'lp++',
      'clap',
      'tip-adapter-f',
      'promptsrc',
      'prograd',
      'dept',
      'lora',
      'kgcoop+lamm',
      'lp+++lamm',
    ];
    const { grid } = benchmarkConfiguration({ ...given, methods }, withHeads);
    expect(grid.list.map(({ name, preset }) => [name, preset])).toEqual([
      ['lp++', 'lp-plus-plus/few-shot'],
      ['clap', 'zero-shot-linear-probe/clap'],
      ['tip-adapter-f', 'tip-adapter/few-shot'],
      ['promptsrc', 'promptsrc/text/base-to-novel'],
      ['prograd', 'prograd/base-to-novel'],
      ['dept', 'dept/coop'],
      ['lora', 'lora/few-shot'],
      ['kgcoop+lamm', 'kgcoop/knowledge/base-to-novel'],
      ['lp+++lamm', 'lp-plus-plus/few-shot'],
    ]);
    expect(grid.list[7]!['losses']).toEqual([
      'cross-entropy',
      { use: 'kgcoop/knowledge', weight: 8 },
      { use: 'lamm/hierarchical' },
    ]);
    expect(grid.list[8]).toMatchObject({ 'labels.use': 'lamm' });
  });

  it('takes what the papers’ tables are made of where nothing is asked for', () => {
    expect(benchmarkDefaults('zero-shot', registry)).toEqual({
      methods: ['clip'],
      datasets: paperDatasets,
      shots: [16],
    });
    expect(benchmarkDefaults('few-shot', registry).shots).toEqual([1, 2, 4, 8, 16]);
    expect(benchmarkDefaults('cross-dataset', registry)).toMatchObject({ datasets: ['imagenet'], shots: [16] });
  });

  it('calls folders by their whole name, and files without their ending', () => {
    const names = [
      { use: 'folder', path: '/a/photos.v1' },
      { use: 'folder', path: '/a/photos.json' },
      { use: 'table', path: '/a/list.v2.CSV' },
      { use: 'split', path: '/a/split.json' },
      { use: 'dtd', root: '/a' },
    ];
    expect(names.map(datasetName)).toEqual(['photos.v1', 'photos.json', 'list.v2', 'split', 'dtd']);
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

  it('refuses a target that is called as another figure', () => {
    const average = join(mkdtempSync(join(tmpdir(), 'targets-')), 'average');
    mkdirSync(average);
    const request = { ...given, protocol: 'cross-dataset', targets: [average] };
    expect(() => benchmarkConfiguration(request, registry)).toThrow(/A target is called "average"/);
    rmSync(dirname(average), { recursive: true });
  });

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
