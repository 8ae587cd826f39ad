import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomClip } from '@promptweave/backbone-clip';
import { definePlugin } from '@promptweave/core';
import { createContainer, disposeBackbones, readConfiguration, Registry } from '@promptweave/core/experiment';
import { createDataPipeline, plugins as datasets } from '@promptweave/datasets';
import { benchmarkTree, TREE_IMAGES, writeTree } from '@promptweave/datasets/testing';
import { plugins as coop } from '@promptweave/method-coop';
import { plugins as lamm } from '@promptweave/method-lamm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { plugins as protocols } from '../protocols/plugins.js';
import { readStudy, type Study } from '../report/study.js';
import { inProcessEngine } from '../sweep/local-engine.js';
import { planSweep } from '../sweep/plan.js';
import { runSweep } from '../sweep/run-sweep.js';
import { SweepFolder } from '../sweep/sweep-folder.js';
import { benchmarkConfiguration, type BenchmarkRequest } from './benchmark-configuration.js';
import { benchmarkResult, type BenchmarkResult } from './benchmark-result.js';
import { paperDatasets } from './paper-datasets.js';

/** A CLIP that is small enough for hundreds of steps in seconds. */
const tinyClip = definePlugin({
  kind: 'backbone',
  name: 'clip',
  description: 'Random weights.',
  options: z.strictObject({ checkpoint: z.string().describe('Any.') }),
  create: async () =>
    randomClip({
      ...{ seed: 1, embedding: 16, vocabulary: 512 },
      vision: { width: 16, layers: 1, heads: 2, imageSize: 16, patchSize: 8 },
      text: { width: 16, layers: 1, heads: 2, contextLength: 32 },
    }),
});
const registry = new Registry(
  [tinyClip, ...datasets, ...coop, ...lamm, ...protocols].map((plugin) => ({ plugin, module: 'test', version: '1' })),
);

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'layouts-'));
  vi.stubEnv('PROMPTWEAVE_CACHE', join(folder, 'cache'));
  await writeTree(join(folder, 'data'), await benchmarkTree());
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Runs a benchmark as the command line does, with one step a training. */
async function bench(
  request: Partial<BenchmarkRequest> & Pick<BenchmarkRequest, 'protocol'>,
): Promise<{ study: Study; result: BenchmarkResult }> {
  const given = { methods: ['coop'], datasets: paperDatasets, shots: [2], seeds: [1], data: join(folder, 'data') };
  const whole = { ...given, checkpoint: 'tiny', ...request };
  const path = mkdtempSync(join(folder, `${request.protocol}-`));
  const file = join(path, 'bench.yaml');
  writeFileSync(file, stringify(benchmarkConfiguration(whole, registry)));
  const overrides = ['prompt.contextLength=2', 'train.steps=1', 'train.batch=2'];
  const trains = registry.get('protocol', request.protocol).trainsNothing !== true;
  const planned = await planSweep({
    source: await readConfiguration(file),
    registry,
    folder: path,
    overrides: trains ? overrides : [],
  });
  const sweep = new SweepFolder(path);
  const cells = sweep.prepare(planned, { name: 'bench', file, overrides: [], retries: 0 }, path);
  const pipeline = createDataPipeline();
  const container = createContainer(pipeline);
  const engine = inProcessEngine({ container, registry, pipeline });
  await runSweep({ folder: path, cells, patience: { retries: 0 }, engine });
  await disposeBackbones(container);
  const study = readStudy(sweep);
  expect(study.failures.map(({ failure }) => failure)).toEqual([]);
  return { study, result: benchmarkResult(study, { ...whole, allPublished: false }) };
}

/** Images and classes of the evaluation sets of a data set's only cell. */
function tested({ study }: { study: Study }, dataset: string): Record<string, [number, number]> {
  const cell = study.cells.find(({ values }) => (values['dataset'] as { use: string }).use === dataset)!;
  const { evaluations } = JSON.parse(readFileSync(join(cell.folder.path, 'result.json'), 'utf8')) as {
    evaluations: Record<string, { images: number; classes: unknown[] }>;
  };
  return Object.fromEntries(
    Object.entries(evaluations).map(([name, { images, classes }]) => [name, [images, classes.length]]),
  );
}

describe('every protocol on every data set in its own layout', () => {
  const every = [...paperDatasets, 'cifar100'];
  const parts = [every.slice(0, 4), every.slice(4, 8), every.slice(8)];
  const figures = {
    'few-shot': ['accuracy'],
    'base-to-novel': ['base', 'novel', 'HM', 'HM (mean of HMs)'],
    incremental: ['baseBefore', 'baseAfter', 'forgetting', 'novel', 'all'],
    efficiency: ['accuracy', 'learned', 'step', 'peak memory', 'evaluation'],
  };
  const cases = Object.entries(figures).flatMap(([protocol, names]) =>
    parts.map((datasets) => ({ protocol, names, datasets })),
  );

  it.each(cases)('$protocol on $datasets', async ({ protocol, names, datasets }) => {
    const { result } = await bench({ protocol, datasets });
    expect(result).toMatchObject({ datasets, figures: names });
    expect(result.rows).toHaveLength(1);
    for (const dataset of datasets) {
      for (const name of names) expect(result.rows[0]!.datasets[dataset]![name]!.mean).toBeTypeOf('number');
    }
  });

  it('zero-shot on all of them', async () => {
    const run = await bench({ protocol: 'zero-shot', methods: ['clip'], datasets: every });
    expect(run.result.rows).toMatchObject([{ method: 'clip', shots: undefined }]);
    expect(tested(run, 'cifar100')).toEqual({ test: [4 * TREE_IMAGES.test, 4] });
  });

  it('base and novel halves of the classes are tested each by itself', async () => {
    const run = await bench({ protocol: 'base-to-novel', datasets: ['oxford_flowers'] });
    expect(tested(run, 'oxford_flowers')).toEqual({ base: [9, 3], novel: [6, 2] });
  });

  it('cross-dataset: from ImageNet to the ten others', async () => {
    const run = await bench({ protocol: 'cross-dataset', datasets: ['imagenet'] });
    const others = paperDatasets.slice(1);
    expect(run.result.figures).toEqual(['source', ...others, 'average']);
    expect(tested(run, 'imagenet')).toMatchObject({ source: [18, 6], fgvc_aircraft: [18, 6], sun397: [12, 4] });
  });

  it('domain generalisation: ImageNet-A and -R are tested with the names of their own classes', async () => {
    const run = await bench({ protocol: 'domain-generalisation', datasets: ['imagenet'] });
    expect(tested(run, 'imagenet')).toEqual({
      ...{ source: [18, 6], imagenetv2: [18, 6], imagenet_sketch: [18, 6] },
      ...{ imagenet_a: [6, 2], imagenet_r: [9, 3] },
    });
  });
});
