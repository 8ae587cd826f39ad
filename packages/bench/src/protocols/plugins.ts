import { definePlugin, type Evaluations, type Plugin, type ProtocolSummary } from '@promptweave/core';
import { z } from 'zod';
import { paperDatasets, paperSource } from '../benchmark/paper-datasets.js';
import { harmonicMean, mean } from './means.js';
import { datasetChoice, domainSets, targetSets } from './targets.js';

const benchmarkTargets = paperDatasets.filter((name) => name !== paperSource);

/** The accuracy on the source (where it has test images), on every target, and the mean of the targets. */
function sourceAndTargets({ source, ...targets }: Evaluations): ProtocolSummary {
  const accuracies = Object.fromEntries(Object.entries(targets).map(([name, { accuracy }]) => [name, accuracy]));
  return {
    ...(source && { source: source.accuracy }),
    ...accuracies,
    average: { value: mean(Object.values(accuracies)), leads: true },
  };
}

/** Nothing is trained. */
export const zeroShot = definePlugin({
  kind: 'protocol',
  name: 'zero-shot',
  description: 'Train nothing, test on all classes (CLIP, arXiv 2103.00020).',
  options: z.strictObject({}),
  trainsOn: 'all',
  testsNovelClasses: false,
  trainsNothing: true,
  evaluations: async ({ dataset }) => [{ name: 'test', dataset, split: 'test' }],
  summary: ({ test }) => ({ accuracy: test!.accuracy, macroF1: test!.macroF1 }),
});

export const baseToNovel = definePlugin({
  kind: 'protocol',
  name: 'base-to-novel',
  description:
    'Train on the first half of the classes, test on each half among its own classes (CoCoOp, arXiv 2203.05557).',
  options: z.strictObject({
    split: z.enum(['test', 'val']).default('test').describe('Images to evaluate on; settings are chosen on `val`.'),
  }),
  trainsOn: 'base',
  testsNovelClasses: true,
  evaluations: async (context, { split }) => [
    { name: 'base', dataset: context.dataset, split },
    { name: 'novel', dataset: await context.classes('novel'), split },
  ],
  summary: ({ base, novel }) => ({
    base: base!.accuracy,
    novel: novel!.accuracy,
    HM: { value: harmonicMean(base!.accuracy, novel!.accuracy), leads: true },
  }),
});

export const crossDataset = definePlugin({
  kind: 'protocol',
  name: 'cross-dataset',
  description: 'Train on one data set, test on the classes of others (CoCoOp, arXiv 2203.05557).',
  options: z.strictObject({
    targets: z
      .array(datasetChoice)
      .min(1)
      .default(benchmarkTargets)
      .describe('Data sets to test on, by name or with options; the rest of their options is the source’s.'),
  }),
  trainsOn: 'all',
  testsNovelClasses: true,
  datasets: ({ targets }) => targets,
  evaluations: async (context, { targets }) => [
    { name: 'source', dataset: context.dataset, split: 'test' },
    ...(await targetSets(context, targets)),
  ],
  summary: sourceAndTargets,
});

export const domainGeneralisation = definePlugin({
  kind: 'protocol',
  name: 'domain-generalisation',
  description: 'Train on one data set, test on the same classes drawn or photographed otherwise (CoCoOp).',
  options: z.strictObject({
    targets: z
      .union([z.literal('domains'), z.array(datasetChoice).min(1)])
      .default(['imagenetv2', 'imagenet_sketch', 'imagenet_a', 'imagenet_r'])
      .describe(
        'Data sets to test on, or `domains`: the domains of the data set’s own test images that no training image has.',
      ),
  }),
  trainsOn: 'all',
  testsNovelClasses: true,
  datasets: ({ targets }) => (targets === 'domains' ? [] : targets),
  evaluations: async (context, { targets }) =>
    targets === 'domains'
      ? domainSets(context)
      : [{ name: 'source', dataset: context.dataset, split: 'test' }, ...(await targetSets(context, targets))],
  summary: sourceAndTargets,
});

export const incremental = definePlugin({
  kind: 'protocol',
  name: 'incremental',
  description:
    'Train the base classes, then the others; what was learned for the base class names stays (LAMM, arXiv 2312.08212).',
  options: z.strictObject({}),
  trainsOn: 'base',
  thenTrainsOn: 'novel',
  testsNovelClasses: true,
  evaluations: async (context) => [
    { name: 'base', dataset: await context.classes('base'), split: 'test' },
    { name: 'novel', dataset: await context.classes('novel'), split: 'test' },
    { name: 'all', dataset: await context.classes('all'), split: 'test' },
  ],
  summary: (evaluations) => {
    const accuracy = (name: string): number => evaluations[name]!.accuracy;
    return {
      baseBefore: accuracy('before/base'),
      baseAfter: accuracy('after/base'),
      forgetting: { value: accuracy('before/base') - accuracy('after/base'), better: 'less' },
      novel: accuracy('after/novel'),
      all: { value: accuracy('after/all'), leads: true },
    };
  },
});

/** Units of the figures of `efficiency`. */
const MILLI = 1000;
const MEBI = 2 ** 20;

export const efficiency = definePlugin({
  kind: 'protocol',
  name: 'efficiency',
  description:
    'Few-shot, and what it takes: learned parameters, time of a step, peak memory, images evaluated in a second.',
  options: z.strictObject({}),
  trainsOn: 'all',
  testsNovelClasses: false,
  measuresCosts: true,
  evaluations: async ({ dataset }) => [{ name: 'test', dataset, split: 'test' }],
  summary: ({ test }, { parameters, stepSeconds, peakBytes, imagesPerSecond }) => ({
    accuracy: test!.accuracy,
    learned: { value: parameters, unit: 'numbers', better: 'less' },
    ...(stepSeconds !== undefined && { step: { value: MILLI * stepSeconds, unit: 'ms', better: 'less' } }),
    'peak memory': { value: peakBytes / MEBI, unit: 'MiB', better: 'less' },
    evaluation: { value: imagesPerSecond, unit: 'images/s' },
  }),
});

/** The papers' protocols besides few-shot, which core brings. */
export const plugins: readonly Plugin[] = [
  zeroShot,
  baseToNovel,
  crossDataset,
  domainGeneralisation,
  incremental,
  efficiency,
];
