import { definePlugin } from '@promptweave/core';
import { tcpOptions } from './options.js';
import { byDataset } from './sentences.js';
import { TcpLearner } from './tcp-learner.js';

const train = { epochs: 50, batch: 32, optimizer: 'adam', learningRate: 0.002, epsilon: 1e-3 } as const;

export const tcp = definePlugin({
  kind: 'prompt',
  name: 'tcp',
  description:
    'TCP: context that gives way to rows of each class, made from its frozen text features (arXiv 2311.18231).',
  options: tcpOptions,
  properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
  losses: ({ teacher }) => [
    { use: 'kgcoop/knowledge', weight: 8, variant: 'released', ...(teacher !== undefined && { template: teacher }) },
  ],
  create: (context, options) => new TcpLearner(context, options),
  presets: {
    'base-to-novel': { protocol: 'base-to-novel', prompt: { use: 'tcp' }, train, byDataset },
    'few-shot': { prompt: { use: 'tcp' }, train, byDataset },
  },
  fixture: ({ kind, hyper }) =>
    kind === 'tcp'
      ? {
          prompt: {
            use: 'tcp',
            contextLength: hyper.n_ctx,
            contextInit: hyper.ctx_init,
            classBlock: hyper.class_block,
          },
        }
      : undefined,
  observer:
    () =>
    ({ step }) => ({ class_prompts: step.prompts.text!.ofClasses!.rows }),
});

/** The plugins of this package. */
export const plugins = [tcp];
