import { definePlugin } from '@promptweave/core';
import { progradObserver } from './observer.js';
import { ruleOptions, teacherOptions } from './options.js';
import { prograd as ruleOf } from './rule.js';
import { TeacherLoss } from './teacher-loss.js';

const prompt = { use: 'coop', contextLength: 16, contextInit: '', zerosBefore: false };
const fewShot = {
  ...{ prompt, gradients: { use: 'prograd' }, train: { epochs: 200, batch: 32, learningRate: 0.002 } },
  byShots: { 1: { train: { epochs: 50 } }, 4: { train: { epochs: 100 } } },
};
const strength = (of: number) => ({ gradients: { use: 'prograd', strength: of } });

/** Data sets for which the authors take λ = 0.8 with 8 and 16 shots. */
const SOFTER = ['oxford_flowers', 'dtd', 'eurosat'];

export const prograd = definePlugin({
  kind: 'gradients',
  name: 'prograd',
  description: "ProGrad: takes out of every gradient what works against frozen CLIP's knowledge (arXiv 2205.14865).",
  options: ruleOptions,
  needsLosses: ['prograd/teacher'],
  losses: () => [{ use: 'cross-entropy' }, { use: 'prograd/teacher' }],
  create: (_context, { strength }) => ruleOf(strength),
  presets: {
    'few-shot': {
      ...fewShot,
      byDataset: Object.fromEntries(SOFTER.map((name) => [name, { ...strength(0.8), byShots: { 4: strength(1) } }])),
    },
    'few-shot-uniform': fewShot,
    'base-to-novel': {
      protocol: 'base-to-novel',
      dataset: { shots: 4 },
      prompt,
      gradients: { use: 'prograd' },
      train: { epochs: 100, batch: 32, learningRate: 0.002 },
    },
  },
  fixture: ({ kind, hyper }) =>
    kind === 'prograd'
      ? {
          gradients: { use: 'prograd', strength: hyper.projection },
          losses: [{ use: 'prograd/teacher', temperature: hyper.temperature }],
        }
      : undefined,
  observer: progradObserver,
});

export const progradTeacher = definePlugin({
  kind: 'loss',
  name: 'prograd/teacher',
  description:
    "ProGrad: cross-entropy with frozen CLIP's probabilities, whose gradient the rule prograd goes by (arXiv 2205.14865).",
  options: teacherOptions,
  create: (context, options) => new TeacherLoss(context, options),
});

/** The plugins of this package. */
export const plugins = [prograd, progradTeacher];
