import { definePlugin } from '@promptweave/core';
import { IndependentLearner } from './independent-learner.js';
import { MaPLeLearner } from './maple-learner.js';
import { ivlpOptions, languageOptions, mapleOptions, vptOptions } from './options.js';

const fiveEpochs = { epochs: 5, batch: 4, learningRate: 0.0025 };

export const maple = definePlugin({
  kind: 'prompt',
  name: 'maple',
  description: 'MaPLe: deep text prompts and vision prompts coupled to them (arXiv 2210.03117).',
  options: mapleOptions,
  properties: () => ({ promptsVision: true, dependsOnImage: false, novelClasses: 'swap' }),
  create: (context, options) => new MaPLeLearner(context, options),
  presets: {
    'base-to-novel': {
      protocol: 'base-to-novel',
      prompt: { use: 'maple', contextLength: 2, depth: 9 },
      train: { epochs: 5, batch: 4, learningRate: 0.0035 },
    },
    'cross-dataset': {
      prompt: { use: 'maple', contextLength: 2, depth: 3 },
      train: { epochs: 2, batch: 4, learningRate: 0.0026 },
    },
  },
  fixture: ({ kind, hyper }) =>
    kind === 'maple' || kind === 'lamm_maple'
      ? { prompt: { use: 'maple', contextLength: hyper.n_ctx, contextInit: hyper.ctx_init, depth: hyper.depth } }
      : undefined,
});

export const vpt = definePlugin({
  kind: 'prompt',
  name: 'vpt',
  description: 'VPT: deep vision prompts alone (arXiv 2203.12119).',
  options: vptOptions,
  properties: () => ({ promptsVision: true, promptsText: false, dependsOnImage: false, novelClasses: 'swap' }),
  create: (context, { visionLength, visionDepth, template }) =>
    new IndependentLearner(context, { vision: { length: visionLength, depth: visionDepth }, template }),
  presets: { 'base-to-novel': { protocol: 'base-to-novel', prompt: { use: 'vpt' }, train: fiveEpochs } },
});

export const language = definePlugin({
  kind: 'prompt',
  name: 'language',
  description: 'Deep text prompts alone (arXiv 2210.03117, section 4.2).',
  options: languageOptions,
  properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
  create: (context, { contextLength, depth, contextInit }) =>
    new IndependentLearner(context, { text: { length: contextLength, depth, contextInit } }),
  presets: { 'base-to-novel': { protocol: 'base-to-novel', prompt: { use: 'language' }, train: fiveEpochs } },
});

export const ivlp = definePlugin({
  kind: 'prompt',
  name: 'ivlp',
  description: 'IVLP: deep text and vision prompts, independent of each other (arXiv 2210.03117, section 4.2).',
  options: ivlpOptions,
  properties: () => ({ promptsVision: true, dependsOnImage: false, novelClasses: 'swap' }),
  create: (context, { contextLength, depth, contextInit, visionLength, visionDepth }) =>
    new IndependentLearner(context, {
      text: { length: contextLength, depth, contextInit },
      vision: { length: visionLength, depth: visionDepth },
    }),
  presets: { 'base-to-novel': { protocol: 'base-to-novel', prompt: { use: 'ivlp' }, train: fiveEpochs } },
});

/** The plugins of this package. */
export const plugins = [maple, vpt, language, ivlp];
