import { definePlugin, hasTextBase } from '@promptweave/core';
import { ClipAdapterHead } from './clip-adapter-head.js';
import { clipAdapterObserver, taskresObserver, tipAdapterObserver } from './observers.js';
import { clipAdapterOptions, taskresOptions, tipAdapterOptions } from './options.js';
import { TaskResHead } from './taskres-head.js';
import { TipAdapterHead } from './tip-adapter-head.js';

const withUnderscores = { keepUnderscores: true } as const;

/** As the authors' commands have it. */
const taskresFewShot = {
  head: { use: 'taskres' },
  train: { epochs: 200, batch: 256, learningRate: 0.002, optimizer: 'adam' },
  byShots: { 4: { train: { epochs: 100 } } },
};
const slower = { train: { learningRate: 0.0002 } };

export const taskres = definePlugin({
  kind: 'head',
  name: 'taskres',
  description: 'TaskRes: a learned residual on the text feature of each class (arXiv 2211.10277).',
  options: taskresOptions,
  properties: (options) => ({ novelClasses: 'swap', ofClasses: true, readsText: !hasTextBase(options) }),
  create: (context, options) => TaskResHead.create(context, options),
  presets: {
    'few-shot': { ...taskresFewShot, byDataset: { imagenet: slower, oxford_flowers: { head: { alpha: 1 } } } },
    'few-shot-uniform': { ...taskresFewShot, byDataset: { imagenet: slower } },
  },
  fixture: ({ kind, hyper, templates }) =>
    kind === 'taskres'
      ? {
          head: {
            use: 'taskres',
            alpha: hyper.alpha,
            templates,
            ...(hyper.keep_underscores === true && withUnderscores),
          },
        }
      : undefined,
  observer: () => taskresObserver,
});

export const clipAdapter = definePlugin({
  kind: 'head',
  name: 'clip-adapter',
  description: 'CLIP-Adapter: a bottleneck that takes a share of the image feature (arXiv 2110.04544).',
  options: clipAdapterOptions,
  properties: (options) => ({ novelClasses: 'swap', readsText: !hasTextBase(options) }),
  create: (context, options) => ClipAdapterHead.create(context, options),
  presets: {
    'few-shot': {
      head: { use: 'clip-adapter' },
      train: { epochs: 200, batch: 32, learningRate: 0.002 },
    },
  },
  fixture: ({ kind, hyper }) =>
    kind === 'clip_adapter'
      ? { head: { use: 'clip-adapter', ratio: hyper.ratio, reduction: hyper.reduction } }
      : undefined,
  observer: () => clipAdapterObserver,
});

/** As the authors' code has it. */
const fineTuning = {
  epochs: 20,
  batch: 256,
  learningRate: 0.001,
  optimizer: 'adamw',
  weightDecay: 0.01,
  epsilon: 1e-4,
  warmupEpochs: 0,
  schedule: 'cosine-steps',
  minimumCrop: 0.5,
} as const;

/** α while the keys are trained, from the authors' file for each data set; 1.17 for the others. */
const tipByDataset = {
  ...{ caltech101: alpha(3), stanford_cars: alpha(3), ucf101: alpha(3) },
  ...{ dtd: alpha(2), eurosat: { ...alpha(2), train: { epochs: 100 } } },
  ...{ fgvc_aircraft: alpha(5), oxford_flowers: alpha(10) },
};

export const tipAdapter = definePlugin({
  kind: 'head',
  name: 'tip-adapter',
  description: 'Tip-Adapter: a cache of training images beside the text, trained or not (arXiv 2207.09519).',
  options: tipAdapterOptions,
  properties: (options) => ({
    novelClasses: 'swap',
    ofClasses: true,
    readsText: !hasTextBase(options),
    needsConstantImages: true,
    learns: options.fineTune,
    prepares: { views: options.views, minimumCrop: options.minimumCrop, validation: options.search === 'val' },
  }),
  create: (context, options) => TipAdapterHead.create(context, options),
  presets: {
    'training-free': { head: { use: 'tip-adapter' } },
    'few-shot': { head: { use: 'tip-adapter', fineTune: true }, train: fineTuning, byDataset: tipByDataset },
    'few-shot-uniform': { head: { use: 'tip-adapter', fineTune: true }, train: fineTuning },
    searched: { head: { use: 'tip-adapter', fineTune: true, search: 'val' }, train: fineTuning },
  },
  fixture: ({ kind, hyper, templates }) =>
    kind === 'tip_adapter_f'
      ? {
          head: {
            use: 'tip-adapter',
            fineTune: true,
            alpha: hyper.alpha,
            beta: hyper.beta,
            logitScale: hyper.logit_scale,
            searchRange: hyper.search_scale,
            searchSteps: hyper.search_step,
            templates,
          },
        }
      : undefined,
  observer: tipAdapterObserver,
});

/** The plugins of this package. */
export const plugins = [taskres, clipAdapter, tipAdapter];

function alpha(value: number) {
  return { head: { alpha: value } };
}
