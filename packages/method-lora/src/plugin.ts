import { definePlugin } from '@promptweave/core';
import { FrozenStartTuning } from './frozen-start-tuning.js';
import { LoraTuning } from './lora-tuning.js';
import { biasOptions, layerNormOptions, loraOptions } from './options.js';
import type { PlaceOptions } from './tower-places.js';

const properties = ({ encoder }: Pick<PlaceOptions, 'encoder'>) => ({
  tunesText: encoder !== 'vision',
  tunesVision: encoder !== 'text',
});

/** What both papers train with, but for the number of steps: 500 (CLIP-LoRA) and 300 (2SFS) for each shot. */
const train = {
  ...{ batch: 32, optimizer: 'adamw', learningRate: 2e-4, weightDecay: 0.01 },
  ...{ warmupEpochs: 0, schedule: 'cosine-steps', minimumLearningRate: 1e-6 },
} as const;

/**
 * 2SFS (arXiv 2503.11609): three fifths of the steps within the towers, the others for a classifier that starts from the tuned text features of
 * the classes.
 */
const twoStage = (use: string) => ({
  prompt: { use: 'none', template: 'a photo of a {}.' },
  tuning: { use },
  head: { use: 'zero-shot-linear-probe', text: 'live' },
  train: { ...train, stepsPerShot: 180, then: { stepsPerShot: 120 } },
});

export const lora = definePlugin({
  kind: 'tuning',
  name: 'lora',
  description: 'CLIP-LoRA: low-rank changes of the linear layers of both towers (arXiv 2405.18541).',
  options: loraOptions,
  properties,
  create: (context, options) => new LoraTuning(context, options),
  presets: {
    'few-shot': {
      protocol: 'few-shot',
      tuning: { use: 'lora' },
      head: { use: 'cosine', logitScale: 100 },
      train: { ...train, stepsPerShot: 500 },
    },
    '2sfs': twoStage('lora'),
  },
  fixture: ({ kind, hyper }) =>
    kind === 'clip_lora'
      ? {
          tuning: {
            use: 'lora',
            encoder: hyper.encoder,
            textBlocks: hyper.text_blocks,
            visionBlocks: hyper.vision_blocks,
            layers: hyper.params,
            rank: hyper.r,
            alpha: hyper.alpha,
            dropout: hyper.dropout,
            inputGradient: hyper.released_backward ? 'frozen' : 'whole',
          },
          head: { use: 'cosine', logitScale: hyper.logit_scale },
        }
      : undefined,
});

export const layerNorm = definePlugin({
  kind: 'tuning',
  name: 'layer-norm',
  description: 'Layer norms of both towers, the first stage of 2SFS (arXiv 2503.11609).',
  options: layerNormOptions,
  properties,
  create: (context, { norms, ...places }) =>
    new FrozenStartTuning(context, {
      ...places,
      norms: ['weight', 'bias'],
      outerNorms: norms === 'all',
      biases: [],
    }),
  presets: {
    'few-shot': { protocol: 'few-shot', tuning: { use: 'layer-norm' }, train: { ...train, stepsPerShot: 300 } },
    '2sfs': twoStage('layer-norm'),
  },
});

export const bias = definePlugin({
  kind: 'tuning',
  name: 'bias',
  description:
    'Biases of both towers (BitFit, arXiv 2106.10199), or those of the MLP alone (CLIPFit, arXiv 2409.16718).',
  options: biasOptions,
  properties,
  create: (context, { norms, layers, ...places }) =>
    new FrozenStartTuning(context, { ...places, norms: norms ? ['bias'] : [], outerNorms: false, biases: layers }),
  presets: {
    'few-shot': { protocol: 'few-shot', tuning: { use: 'bias' }, train: { ...train, stepsPerShot: 300 } },
    '2sfs': twoStage('bias'),
  },
});

/** The plugins of this package. */
export const plugins = [lora, layerNorm, bias];
