import { definePlugin, type PartialConfiguration } from '@promptweave/core';
import { ImageTerm, LogitsTerm, TextTerm } from './losses.js';
import { promptsrcObserver } from './observer.js';
import { imageOptions, logitsOptions, textOptions } from './options.js';

const losses = [
  'cross-entropy',
  { use: 'promptsrc/text', weight: 25 },
  { use: 'promptsrc/image', weight: 10 },
  { use: 'promptsrc/logits', weight: 1 },
];

const prompts = (depth: number): PartialConfiguration => ({
  use: 'ivlp',
  ...{ contextLength: 4, depth, contextInit: 'a photo of a', visionLength: 4, visionDepth: depth },
});

const train = (epochs: number, mean: number, deviation: number): PartialConfiguration => ({
  ...{ epochs, batch: 4, learningRate: 0.0025 },
  average: { kind: 'gaussian', mean, deviation },
});

/** Data sets whose average of a few-shot training the authors give a late, narrow window. */
const NARROW = ['stanford_cars', 'oxford_flowers', 'fgvc_aircraft', 'dtd', 'eurosat'];

const fewShot = { prompt: prompts(9), losses, train: train(50, 30, 30) };

export const promptsrcText = definePlugin({
  kind: 'loss',
  name: 'promptsrc/text',
  description: 'PromptSRC: keeps text features near those of many frozen templates (arXiv 2307.06948).',
  options: textOptions,
  create: (context, options) => new TextTerm(context, options),
  presets: {
    'base-to-novel': { protocol: 'base-to-novel', prompt: prompts(9), losses, train: train(20, 15, 1) },
    'few-shot': {
      ...fewShot,
      byDataset: Object.fromEntries(NARROW.map((name) => [name, { train: train(50, 45, 5) }])),
    },
    'few-shot-uniform': fewShot,
    'cross-dataset': { prompt: prompts(3), losses, train: train(20, 6, 10) },
  },
  fixture: ({ kind, hyper, templates }) =>
    kind === 'promptsrc'
      ? {
          prompt: {
            use: 'ivlp',
            contextLength: hyper.n_ctx,
            contextInit: hyper.ctx_init,
            depth: hyper.depth_text,
            visionLength: hyper.n_ctx_vision,
            visionDepth: hyper.depth_vision,
          },
          losses: [
            { use: 'promptsrc/text', weight: hyper.text_loss_weight, templates },
            { use: 'promptsrc/image', weight: hyper.image_loss_weight },
            { use: 'promptsrc/logits', weight: hyper.logits_loss_weight, templates },
          ],
          train: { average: { kind: 'gaussian', mean: hyper.gpa_mean, deviation: hyper.gpa_std } },
        }
      : undefined,
  observer: promptsrcObserver,
});

export const promptsrcImage = definePlugin({
  kind: 'loss',
  name: 'promptsrc/image',
  description:
    'PromptSRC: keeps image features near those of the frozen tower for the same pictures (arXiv 2307.06948).',
  options: imageOptions,
  needsMovedImages: true,
  create: () => new ImageTerm(),
});

export const promptsrcLogits = definePlugin({
  kind: 'loss',
  name: 'promptsrc/logits',
  description: "PromptSRC: keeps the probabilities near frozen CLIP's (arXiv 2307.06948).",
  options: logitsOptions,
  create: (context, { per, ...options }) => new LogitsTerm(context, options, per),
});

/** The plugins of this package. */
export const plugins = [promptsrcText, promptsrcImage, promptsrcLogits];
