import { definePlugin } from '@promptweave/core';
import { LinearProbeHead } from './linear-probe-head.js';
import { LpPlusPlusHead } from './lp-plus-plus-head.js';
import { clapObserver } from './observer.js';
import { linearProbeOptions, lpPlusPlusOptions, zeroShotLinearProbeOptions } from './options.js';
import { ZeroShotLinearProbeHead } from './zero-shot-linear-probe-head.js';

export const linearProbe = definePlugin({
  kind: 'head',
  name: 'linear-probe',
  description: 'Logistic regression on image features, without text (arXiv 2103.00020).',
  options: linearProbeOptions,
  properties: ({ C, views }) => ({
    novelClasses: 'trained only',
    ofClasses: true,
    readsText: false,
    needsConstantImages: true,
    learns: false,
    prepares: { views, validation: C === undefined },
  }),
  create: (context, options) => LinearProbeHead.create(context, options),
  presets: { 'few-shot': { head: { use: 'linear-probe' } } },
});

export const lpPlusPlus = definePlugin({
  kind: 'head',
  name: 'lp-plus-plus',
  description: 'LP++: a linear probe blended with the text, class by class (arXiv 2404.02285).',
  options: lpPlusPlusOptions,
  properties: ({ views }) => ({
    novelClasses: 'trained only',
    ofClasses: true,
    readsText: false,
    needsConstantImages: true,
    learns: false,
    prepares: { views, validation: true },
  }),
  create: (context, options) => LpPlusPlusHead.create(context, options),
  presets: { 'few-shot': { head: { use: 'lp-plus-plus' } } },
});

const training = {
  epochs: 300,
  batch: 256,
  learningRate: 0.1,
  weightDecay: 0,
  views: 20,
} as const;

export const zeroShotLinearProbe = definePlugin({
  kind: 'head',
  name: 'zero-shot-linear-probe',
  description:
    'A linear probe that starts from the text features, and CLAP, which keeps it near them (arXiv 2312.12730).',
  options: zeroShotLinearProbeOptions,
  properties: ({ constraint, views, text }) => ({
    novelClasses: 'swap',
    ofClasses: true,
    readsText: false,
    ...(text === 'live' && { startsFromText: true, takesTextOfImages: false }),
    needsConstantImages: constraint !== 'none',
    ...(constraint !== 'none' && { prepares: { views } }),
  }),
  create: (context, options) => ZeroShotLinearProbeHead.create(context, options),
  presets: {
    'few-shot': { head: { use: 'zero-shot-linear-probe' }, train: training },
    clap: { head: { use: 'zero-shot-linear-probe', constraint: 'l2' }, train: training },
  },
  fixture: ({ kind, hyper, templates }) =>
    kind === 'clap'
      ? {
          head: {
            use: 'zero-shot-linear-probe',
            constraint: hyper.constraint,
            templates,
            keepUnderscores: hyper.keep_underscores,
          },
        }
      : undefined,
  observer: clapObserver,
});

/** The plugins of this package. */
export const plugins = [linearProbe, lpPlusPlus, zeroShotLinearProbe];
