import { definePlugin, type Observer } from '@promptweave/core';
import { DeptHead } from './dept-head.js';
import { deptOptions } from './options.js';

const training = { epochs: 10, batch: 4, learningRate: 0.0035 } as const;

/** What recorded runs of DePT have: the probe's logits and its loss. */
const observer: Observer = ({ at, step, outcome }) =>
  at === 'step'
    ? {
        probe_logits: (step.parts.head as DeptHead).probeLogits(step),
        loss_ce_probe: [outcome!.terms['dept/probe']!.value],
      }
    : {};

export const dept = definePlugin({
  kind: 'head',
  name: 'dept',
  description:
    'DePT: a linear probe with channels of its own beside the cosine, for trained classes (arXiv 2309.07439).',
  options: deptOptions,
  properties: ({ learningRateFactor }) => ({
    novelClasses: 'cosine',
    ofClasses: true,
    readsText: true,
    learningRateFactor,
  }),
  create: (context, { probeWeight }) => DeptHead.create(context, probeWeight),
  losses: ({ probeWeight }) => [{ use: 'cross-entropy', weight: 1 - probeWeight }],
  presets: {
    coop: {
      protocol: 'base-to-novel',
      prompt: { use: 'coop', contextLength: 4, contextInit: 'a photo of a' },
      head: { use: 'dept' },
      train: training,
    },
    maple: { protocol: 'base-to-novel', prompt: { use: 'maple' }, head: { use: 'dept' }, train: training },
  },
  fixture: ({ kind, hyper }) =>
    kind.startsWith('dept_')
      ? {
          head: { use: 'dept', probeWeight: hyper.probe_weight, learningRateFactor: hyper.lr_multiplier },
          losses: [{ use: 'cross-entropy', weight: 1 - Number(hyper.probe_weight) }],
        }
      : undefined,
  observer: () => observer,
});

/** The plugins of this package. */
export const plugins = [dept];
