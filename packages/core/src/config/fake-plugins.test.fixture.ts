import { z } from 'zod';
import { definePlugin, type Plugin } from '../plugin/define-plugin.js';
import { Registry } from '../plugin/registry.js';

function notMade(): never {
  throw new Error('These plugins describe options; nothing is made from them.');
}

const clip = definePlugin({
  kind: 'backbone',
  name: 'clip',
  description: 'A backbone.',
  options: z.strictObject({ checkpoint: z.string().default('icons').describe('File, folder, or hub id.') }),
  create: notMade,
});

const animals = definePlugin({
  kind: 'dataset',
  name: 'emoji/animals',
  description: 'Drawn animals.',
  options: z.strictObject({}),
  create: notMade,
});

const folder = definePlugin({
  kind: 'dataset',
  name: 'folder',
  description: 'A folder of class folders.',
  options: z.strictObject({
    path: z.string().describe('Folder.'),
    split: z.tuple([z.number(), z.number(), z.number()]).default([50, 20, 30]).describe('Percent of images.'),
  }),
  create: notMade,
});

const coop = definePlugin({
  kind: 'prompt',
  name: 'coop',
  description: 'Context vectors.',
  options: z.strictObject({
    contextLength: z.int().min(1).max(64).default(16).describe('n, tokens.'),
    classSpecific: z.boolean().default(false).describe('One context per class.'),
    namePosition: z.enum(['end', 'middle', 'front']).default('end').describe('Where the name stands.'),
  }),
  properties: ({ classSpecific }) => ({
    promptsVision: false,
    dependsOnImage: false,
    novelClasses: classSpecific ? 'trained only' : 'swap',
  }),
  create: notMade,
  presets: { 'few-shot': { prompt: { use: 'coop' }, train: { epochs: 50, batch: 32, learningRate: 0.002 } } },
});

const comma = definePlugin({
  kind: 'prompt',
  name: 'comma',
  description: 'Prompts of both towers.',
  options: z.strictObject({
    depth: z.int().min(1).max(12).default(9).describe('J, blocks.'),
    contextLength: z.int().min(1).default(2).describe('n, tokens.'),
    variant: z.enum(['paper', 'released']).default('paper').describe('Paper or release.'),
    generator: z
      .strictObject({ reduction: z.number().gt(1).default(4).describe('Width over bottleneck.') })
      .prefault({})
      .describe('The generators.'),
  }),
  properties: () => ({ promptsVision: true, dependsOnImage: false, novelClasses: 'swap' }),
  create: notMade,
  losses: ({ variant }) => [{ use: 'comma/knowledge', tokens: variant === 'paper' ? 'aligned' : 'all' }],
  presets: {
    'base-to-novel': { prompt: { use: 'comma', depth: 9 }, protocol: 'base-to-novel', train: { epochs: 5, batch: 4 } },
    'cross-dataset': { prompt: { use: 'comma', depth: 3 }, train: { epochs: 2, learningRate: 0.0026 } },
    'by-dataset': { train: { epochs: 20, learningRate: 0.02 }, byDataset: { folder: { train: { epochs: 45 } } } },
    'by-shots': {
      train: { epochs: 200, batch: 32 },
      byShots: { 1: { train: { epochs: 50 } }, 4: { train: { epochs: 100 } } },
      byDataset: { folder: { train: { batch: 8 }, byShots: { 2: { train: { batch: 2 } } } } },
    },
    broken: { prompt: { use: 'comma', depth: 99 } },
  },
});

const knowledge = definePlugin({
  kind: 'loss',
  name: 'comma/knowledge',
  description: 'Likeness to the frozen text tower.',
  options: z.strictObject({
    tokens: z.enum(['all', 'aligned', 'eot']).default('aligned').describe('Positions to compare.'),
    lastBlocks: z.int().min(1).default(1).describe('S, blocks.'),
  }),
  create: notMade,
});

const lamm = definePlugin({
  kind: 'labels',
  name: 'lamm',
  description: 'Trained class names.',
  options: z.strictObject({
    tokens: z.enum(['shortest', 'first', 'all']).default('shortest').describe('Trained tokens.'),
  }),
  properties: () => ({ trainsLabels: true }),
  create: notMade,
  losses: () => [{ use: 'lamm/hierarchical' }],
});

const hierarchical = definePlugin({
  kind: 'loss',
  name: 'lamm/hierarchical',
  description: 'Keeps labels near their anchors.',
  options: z.strictObject({
    temperature: z.number().positive().default(2).describe('T.'),
    detached: z
      .union([z.boolean(), z.literal('target')])
      .default(false)
      .describe('Where no gradient flows.'),
  }),
  needsTrainedLabels: true,
  create: notMade,
});

const baseToNovel = definePlugin({
  kind: 'protocol',
  name: 'base-to-novel',
  description: 'Half of the classes.',
  options: z.strictObject({}),
  trainsOn: 'base',
  testsNovelClasses: true,
  evaluations: notMade,
  summary: notMade,
});

const crossDataset = definePlugin({
  kind: 'protocol',
  name: 'cross-dataset',
  description: 'Other data sets.',
  options: z.strictObject({ targets: z.array(z.string()).default([]).describe('Data sets.') }),
  trainsOn: 'all',
  testsNovelClasses: true,
  datasets: ({ targets }) => targets,
  evaluations: notMade,
  summary: notMade,
});

const zeroShot = definePlugin({
  kind: 'protocol',
  name: 'zero-shot',
  description: 'Nothing is learned.',
  options: z.strictObject({}),
  trainsOn: 'all',
  testsNovelClasses: false,
  trainsNothing: true,
  evaluations: notMade,
  summary: notMade,
});

/** Plugins with options like those of the real ones, for tests of the configuration. */
export const fakePlugins: readonly Plugin[] = [
  ...[clip, animals, folder, coop, comma, knowledge, lamm, hierarchical],
  ...[baseToNovel, crossDataset, zeroShot],
];

/** The fake plugins and core's own. */
export function fakeRegistry(): Registry {
  return new Registry(fakePlugins.map((plugin) => ({ plugin, module: 'fakes' })));
}
