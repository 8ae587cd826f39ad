import { definePlugin, type PartialConfiguration } from '@promptweave/core';
import { ImageTerm } from './image-term.js';
import { MmrlHead } from './mmrl-head.js';
import { MmrlLearner } from './mmrl-learner.js';
import { mmrlObserver } from './observer.js';
import { headOptions, imageOptions, learnerOptions } from './options.js';

const optimiser = { optimizer: 'adamw', learningRate: 0.001, weightDecay: 5e-4, minimumCrop: 0.5 } as const;
const parts = { prompt: { use: 'mmrl' }, head: { use: 'mmrl', logitScale: 100 } };
const baseToNovel = { ...parts, protocol: 'base-to-novel', train: { ...optimiser, epochs: 10, batch: 4 } };
const fewShot = { ...parts, train: { ...optimiser, epochs: 50, batch: 32 } };

/** The authors' λ by data set. */
const LAMBDA = {
  ...{ stanford_cars: 7, fgvc_aircraft: 6, sun397: 6, dtd: 6, food101: 5, oxford_flowers: 4, ucf101: 3 },
  ...{ imagenet: 0.5, caltech101: 0.5, oxford_pets: 0.2, eurosat: 0.01 },
};

const byDataset = Object.fromEntries(
  Object.entries(LAMBDA).map(([name, regularisation]): [string, PartialConfiguration] => [
    name,
    { prompt: { use: 'mmrl', regularisation, ...(name === 'eurosat' && { width: 2048 }) } },
  ]),
);

const regularised = (weight: unknown, template?: string) => [
  { use: 'mmrl/image', weight: weight as number },
  { use: 'kgcoop/knowledge', weight: weight as number, variant: 'released', ...(template && { template }) },
];

export const mmrlPrompt = definePlugin({
  kind: 'prompt',
  name: 'mmrl',
  description: 'MMRL: representation tokens that enter the later layers of both towers (arXiv 2503.08497).',
  options: learnerOptions,
  properties: () => ({ promptsVision: true, dependsOnImage: false, novelClasses: 'swap' }),
  losses: ({ regularisation, template }) => regularised(regularisation, template),
  create: (context, options) => new MmrlLearner(context, options),
  presets: {
    'base-to-novel': { ...baseToNovel, byDataset },
    'base-to-novel-uniform': baseToNovel,
    'few-shot': { ...fewShot, byDataset },
    'few-shot-uniform': fewShot,
    'cross-dataset': {
      ...parts,
      prompt: { use: 'mmrl', regularisation: 0.2 },
      train: { ...optimiser, epochs: 1, batch: 32, warmupEpochs: 0 },
    },
  },
  fixture: ({ kind, hyper }) => {
    if (kind !== 'mmrl') return undefined;
    const layers = hyper.layers as number[];
    return {
      prompt: {
        use: 'mmrl',
        tokens: hyper.n_rep_tokens,
        width: hyper.rep_dim,
        first: layers[0],
        last: layers.at(-1),
      },
      losses: regularised(hyper.reg_weight),
    };
  },
  observer: mmrlObserver,
});

export const mmrlHead = definePlugin({
  kind: 'head',
  name: 'mmrl',
  description: "MMRL's two read-outs: of the class token and of the representation tokens (arXiv 2503.08497).",
  options: headOptions,
  properties: () => ({ novelClasses: 'cosine', readsText: true, readsPromptRows: true, takesTextOfImages: false }),
  losses: ({ alpha }) => [{ use: 'cross-entropy', weight: alpha }],
  create: (context, options) => MmrlHead.create(context, options),
  fixture: ({ kind, hyper }) =>
    kind === 'mmrl'
      ? {
          head: { use: 'mmrl', alpha: hyper.alpha, logitScale: hyper.logit_scale },
          losses: [{ use: 'cross-entropy', weight: hyper.alpha }],
        }
      : undefined,
});

export const mmrlImage = definePlugin({
  kind: 'loss',
  name: 'mmrl/image',
  description: 'MMRL: keeps image features near those of the frozen tower for the same pictures (arXiv 2503.08497).',
  options: imageOptions,
  needsMovedImages: true,
  create: () => new ImageTerm(),
});

/** The plugins of this package. */
export const plugins = [mmrlPrompt, mmrlHead, mmrlImage];
