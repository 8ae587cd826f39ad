import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plugins as clip } from '@promptweave/backbone-clip';
import { createContainer, disposeBackbones, Registry, sourceFromValue } from '@promptweave/core/experiment';
import { createDataPipeline, plugins as datasets } from '@promptweave/datasets';
import { plugins as adapters } from '@promptweave/head-adapters';
import { plugins as probes } from '@promptweave/head-linear-probe';
import { plugins as comma } from '@promptweave/method-comma';
import { plugins as coop } from '@promptweave/method-coop';
import { plugins as dept } from '@promptweave/method-dept';
import { plugins as lamm } from '@promptweave/method-lamm';
import { plugins as lora } from '@promptweave/method-lora';
import { plugins as maple } from '@promptweave/method-maple';
import { plugins as mma } from '@promptweave/method-mma';
import { plugins as mmrl } from '@promptweave/method-mmrl';
import { plugins as prograd } from '@promptweave/method-prograd';
import { plugins as promptsrc } from '@promptweave/method-promptsrc';
import { plugins as tcp } from '@promptweave/method-tcp';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { plugins as protocols } from '../protocols/plugins.js';
import { readStudy } from '../report/study.js';
import { inProcessEngine } from '../sweep/local-engine.js';
import { planSweep } from '../sweep/plan.js';
import { runSweep } from '../sweep/run-sweep.js';
import { SweepFolder } from '../sweep/sweep-folder.js';
import { benchmarkResult } from './benchmark-result.js';
import { emojiMethods, emojiSuite, everyEmojiMethod } from './emoji-suite.js';

const methods = [
  ...coop,
  ...maple,
  ...comma,
  ...lamm,
  ...promptsrc,
  ...prograd,
  ...dept,
  ...lora,
  ...mma,
  ...mmrl,
  ...tcp,
];
const registry = new Registry(
  [...clip, ...datasets, ...methods, ...adapters, ...probes, ...protocols].map((plugin) => ({
    ...{ plugin, module: 'test', version: '1' },
  })),
);

let folder = '';
const pipeline = createDataPipeline();
const container = createContainer(pipeline);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'emoji-suite-'));
  vi.stubEnv('PROMPTWEAVE_CACHE', join(folder, 'cache'));
});
afterAll(async () => {
  await disposeBackbones(container);
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Small sets; `npx promptweave bench emoji` takes the large ones and trains to the end. */
const small = { datasets: ['emoji-plants', 'emoji-weather'], source: 'emoji-plants', targets: ['emoji-weather'] };
const suite = emojiSuite({ methods: ['clip', 'maple+lamm'], seeds: [1], shots: [1], ...small }, registry);

const figures = {
  'few-shot': ['accuracy'],
  'base-to-novel': ['base', 'novel', 'HM', 'HM (mean of HMs)'],
  'cross-dataset': ['source', 'emoji-weather', 'average'],
  'domain-generalisation': ['openmoji', 'streamline-emojis', 'average'], // drawing styles, none of which is trained
  incremental: ['baseBefore', 'baseAfter', 'forgetting', 'novel', 'all'],
};

it.each(Object.entries(figures))('%s runs with the embedded CLIP', async (protocol, expected) => {
  const path = join(folder, protocol);
  const source = sourceFromValue(suite[protocol]!.configuration);
  const planned = await planSweep({ source, registry, folder, overrides: ['train.steps=2', 'train.batch=4'] });
  const sweep = new SweepFolder(path);
  const cells = sweep.prepare(planned, { name: protocol, file: 'x', overrides: [], retries: 0 }, folder);
  const engine = inProcessEngine({ container, registry, pipeline });
  await runSweep({ folder: path, cells, patience: { retries: 0 }, engine });

  const study = readStudy(sweep);
  expect(study.failures.map(({ failure }) => failure)).toEqual([]);
  const result = benchmarkResult(study, { protocol, checkpoint: 'icons', shots: [1] });
  expect(result.figures).toEqual(expected);
  expect(result.rows.map(({ method, published }) => [method, published])).toEqual([
    ['clip', false],
    ['maple+lamm', false],
  ]);
  const first = result.rows[0]!.datasets['emoji-plants']![expected[0]!]!;
  expect(first.mean).toBeGreaterThan(20); // far from chance: 12 classes and more
  const learned = (method: string): number[] =>
    study.cells.flatMap(({ name, state }) =>
      name === method && state.status === 'finished' ? [state.outcome.parameters] : [],
    );
  expect(Math.max(...learned('clip'))).toBe(0);
  expect(Math.min(...learned('maple+lamm'))).toBeGreaterThan(0);
});

const planned = (request: Parameters<typeof emojiSuite>[0]) =>
  Promise.all(
    Object.values(emojiSuite(request, registry)).map(({ configuration }) =>
      planSweep({ source: sourceFromValue(configuration), registry, folder }),
    ),
  );

it('has settings for every method that it names, each with and without learned labels', async () => {
  // A cell of zero-shot CLIP for each data set and number of shots, three seeds of the others.
  const counts = (await planned({ methods: emojiMethods, seeds: [1, 2, 3], shots: [1, 16] })).map(
    ({ length }) => length,
  );
  const others = 3 * (emojiMethods.length - 1);
  expect(counts).toEqual([2 * (1 + others), 3 * (1 + others), 1 + others, 1 + others, 1 + others]);
  expect(() => emojiSuite({ methods: ['mapel'], seeds: [1], shots: [1] }, registry)).toThrow(/Did you mean `maple`/);
});

it('has valid settings for all methods, and all seeds of what learns without a prompt', async () => {
  const [fewShot, baseToNovel] = await planned({ methods: everyEmojiMethod, seeds: [1, 2, 3], shots: [4] });
  expect(fewShot).toHaveLength(1 + 3 * (everyEmojiMethod.length - 1));
  expect(baseToNovel).toHaveLength(3 * (1 + 3 * (everyEmojiMethod.length - 1 - 2)));
});

it('leaves heads of the trained classes out where a protocol comes to others, and tells', () => {
  const request = { methods: ['lp++', 'taskres', 'coop'], seeds: [1], shots: [1] };
  const leftOut = Object.entries(emojiSuite(request, registry)).map(([name, benchmark]) => [name, benchmark.leftOut]);
  expect(Object.fromEntries(leftOut)).toEqual({
    'few-shot': [],
    'base-to-novel': ['lp++'],
    'cross-dataset': ['lp++'],
    'domain-generalisation': ['lp++'],
    incremental: ['lp++', 'taskres'],
  });
  const alone = emojiSuite({ ...request, methods: ['lp++'] }, registry);
  expect(alone['base-to-novel']).toEqual({ leftOut: ['lp++'] });
});

it('gives learned labels their loss where a method lists its own', async () => {
  const { configuration } = emojiSuite({ methods: ['kgcoop+lamm'], seeds: [1], shots: [1] }, registry)['few-shot']!;
  const [{ losses }] = configuration!.grid.list as [{ losses: readonly unknown[] }];
  expect(losses.at(-1)).toEqual({ use: 'lamm/hierarchical' });
});
