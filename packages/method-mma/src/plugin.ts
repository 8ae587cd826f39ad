import { definePlugin } from '@promptweave/core';
import { MmaTuning } from './mma-tuning.js';
import { mmaOptions } from './options.js';

export const mma = definePlugin({
  kind: 'tuning',
  name: 'mma',
  description: 'MMA: adapters within the upper blocks of both towers that share a layer (Yang et al., CVPR 2024).',
  options: mmaOptions,
  properties: () => ({ tunesText: true, tunesVision: true }),
  create: (context, options) => new MmaTuning(context, options),
  presets: {
    'base-to-novel': {
      protocol: 'base-to-novel',
      prompt: { use: 'none', template: 'a photo of a {}.' },
      tuning: { use: 'mma' },
      train: { epochs: 5, batch: 16, learningRate: 0.0015, warmupEpochs: 0 },
    },
  },
  fixture: ({ kind, hyper }) =>
    kind === 'mma'
      ? {
          tuning: {
            use: 'mma',
            start: hyper.adapter_start,
            end: hyper.adapter_end,
            dim: hyper.adapter_dim,
            scale: hyper.adapter_scale,
          },
        }
      : undefined,
});

/** The plugins of this package. */
export const plugins = [mma];
