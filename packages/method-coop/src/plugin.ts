import { definePlugin } from '@promptweave/core';
import { CoCoOpLearner } from './cocoop-learner.js';
import { CoOpLearner } from './coop-learner.js';
import { KgCoOpLoss } from './kgcoop-loss.js';
import { kgcoopObserver } from './observer.js';
import { cocoopOptions, coopOptions, kgcoopOptions } from './options.js';

/** Kinds of recorded runs that have CoOp's prompt, and those that have KgCoOp's loss. */
const COOP_RUNS: readonly string[] = ['coop', 'kgcoop', 'prograd', 'dept_coop', 'dept_kgcoop'];
const KGCOOP_RUNS: readonly string[] = ['kgcoop', 'dept_kgcoop', 'tcp'];

export const coop = definePlugin({
  kind: 'prompt',
  name: 'coop',
  description: 'CoOp: learned context vectors in the text prompt (arXiv 2109.01134).',
  options: coopOptions,
  properties: ({ classSpecific }) => ({
    promptsVision: false,
    dependsOnImage: false,
    novelClasses: classSpecific ? 'trained only' : 'swap',
  }),
  create: (context, options) => new CoOpLearner(context, options),
  presets: {
    'few-shot': {
      prompt: { use: 'coop', contextLength: 16, contextInit: '' },
      train: { epochs: 200, batch: 32, learningRate: 0.002 },
      byShots: { 1: { train: { epochs: 50 } }, 4: { train: { epochs: 100 } } },
      byDataset: { imagenet: { train: { epochs: 50 } } },
    },
    'base-to-novel': {
      protocol: 'base-to-novel',
      prompt: { use: 'coop', contextLength: 4, contextInit: 'a photo of a' },
      train: { epochs: 50, batch: 32, learningRate: 0.002 },
    },
  },
  fixture: ({ kind, hyper }) => {
    // LAMM on plain CLIP keeps CoOp's words frozen.
    if (!(COOP_RUNS.includes(kind) || (kind === 'lamm_coop' && !hyper.origin_clip))) return undefined;
    return {
      prompt: {
        use: 'coop',
        contextLength: hyper.n_ctx,
        contextInit: hyper.ctx_init,
        classSpecific: hyper.csc ?? hyper.class_specific ?? false,
        namePosition: hyper.position ?? 'end',
        zerosBefore: kind === 'prograd',
      },
    };
  },
});

export const cocoop = definePlugin({
  kind: 'prompt',
  name: 'cocoop',
  description: 'CoCoOp: context vectors shifted by a network that sees the image (arXiv 2203.05557).',
  options: cocoopOptions,
  properties: () => ({ promptsVision: false, dependsOnImage: true, novelClasses: 'swap' }),
  create: (context, options) => new CoCoOpLearner(context, options),
  presets: {
    'base-to-novel': {
      protocol: 'base-to-novel',
      prompt: { use: 'cocoop' },
      train: { epochs: 10, batch: 1, learningRate: 0.002 },
    },
  },
  fixture: ({ kind, hyper }) =>
    kind === 'cocoop'
      ? { prompt: { use: 'cocoop', contextLength: hyper.n_ctx, contextInit: hyper.ctx_init } }
      : undefined,
});

export const kgcoopKnowledge = definePlugin({
  kind: 'loss',
  name: 'kgcoop/knowledge',
  description:
    "KgCoOp: keeps the text features near those of the hand-crafted prompts (arXiv 2303.13283; the paper's weight is 8).",
  options: kgcoopOptions,
  create: (context, options) => new KgCoOpLoss(context, options),
  presets: {
    'base-to-novel': {
      protocol: 'base-to-novel',
      prompt: { use: 'coop', contextLength: 4, contextInit: 'a photo of a' },
      losses: ['cross-entropy', { use: 'kgcoop/knowledge', weight: 8 }],
      train: { epochs: 100, batch: 128, learningRate: 0.002 },
    },
    released: {
      protocol: 'base-to-novel',
      prompt: { use: 'coop', contextLength: 4, contextInit: 'a photo of a' },
      losses: ['cross-entropy', { use: 'kgcoop/knowledge', weight: 8, variant: 'released' }],
      train: { epochs: 100, batch: 128, learningRate: 0.002 },
    },
  },
  fixture: ({ kind, hyper }) =>
    KGCOOP_RUNS.includes(kind)
      ? { losses: [{ use: 'kgcoop/knowledge', weight: hyper.weight, variant: 'released' }] }
      : undefined,
  observer: kgcoopObserver,
});

/** The plugins of this package. */
export const plugins = [coop, cocoop, kgcoopKnowledge];
