import { definePlugin } from '@promptweave/core';
import { CommaLearner } from './comma-learner.js';
import { KnowledgeLoss } from './knowledge-loss.js';
import { commaObserver } from './observer.js';
import { commaOptions, knowledgeOptions } from './options.js';

export const comma = definePlugin({
  kind: 'prompt',
  name: 'comma',
  description: 'COMMA: vision prompts generated from the prompts of both towers (arXiv 2401.00268).',
  options: commaOptions,
  properties: () => ({ promptsVision: true, dependsOnImage: false, novelClasses: 'swap' }),
  create: (context, options) => new CommaLearner(context, options),
  losses: ({ lateBlocks, variant }) => [
    { use: 'comma/knowledge', lateBlocks, tokens: variant === 'released' ? 'all' : 'aligned' },
  ],
  presets: {
    'base-to-novel': {
      protocol: 'base-to-novel',
      prompt: { use: 'comma', contextLength: 2, depth: 9 },
      train: { epochs: 5, batch: 4, learningRate: 0.0035 },
    },
    'cross-dataset': {
      prompt: { use: 'comma', contextLength: 2, depth: 3 },
      train: { epochs: 2, batch: 4, learningRate: 0.0026 },
    },
  },
  fixture: ({ kind, hyper }) =>
    kind === 'comma'
      ? {
          prompt: {
            use: 'comma',
            contextLength: hyper.n_ctx,
            contextInit: hyper.ctx_init,
            depth: hyper.depth,
            lateBlocks: hyper.last_layer,
            variant: hyper.paper ? 'paper' : 'released',
          },
          losses: [{ use: 'comma/knowledge', weight: hyper.weight, lateBlocks: hyper.last_layer, tokens: 'all' }],
        }
      : undefined,
  observer: commaObserver,
});

export const commaKnowledge = definePlugin({
  kind: 'loss',
  name: 'comma/knowledge',
  description: "COMMA: keeps late text states near the frozen CLIP's (arXiv 2401.00268, section 3.3).",
  options: knowledgeOptions,
  create: (context, options) => new KnowledgeLoss(context, options),
});

/** The plugins of this package. */
export const plugins = [comma, commaKnowledge];
