import { definePlugin } from '@promptweave/core';
import { featureTerm, LammLoss, logitsTerm, parameterTerm } from './hierarchical-loss.js';
import { LammLabels } from './lamm-labels.js';
import { lammObserver } from './observer.js';
import { hierarchicalOptions, lammOptions, logitsOptions, noOptions } from './options.js';

export const lamm = definePlugin({
  kind: 'labels',
  name: 'lamm',
  description: 'LAMM: trainable class-name embeddings, on any prompt learner (arXiv 2312.08212).',
  options: lammOptions,
  properties: () => ({ trainsLabels: true }),
  create: ({ backbone, classNames }, options) => new LammLabels(backbone, classNames, options),
  losses: () => [{ use: 'lamm/hierarchical' }],
  presets: {
    'few-shot': {
      prompt: { use: 'none', template: 'a photo of a {}.' },
      labels: { use: 'lamm' },
      train: { epochs: 50, batch: 32, learningRate: 0.002 },
    },
    'maple-few-shot': {
      prompt: { use: 'maple', contextLength: 2, depth: 9 },
      labels: { use: 'lamm', tokens: 'first' },
      train: { epochs: 5, batch: 4, learningRate: 0.0035 },
    },
  },
  fixture: ({ kind, hyper }) => {
    if (!kind.startsWith('lamm_') && !hyper.lamm) return undefined;
    const onCoOp = kind === 'lamm_coop';
    const atName = onCoOp || hyper.nameslot === true || hyper.slot === 'name';
    return {
      // On plain CLIP the words are frozen; on other learners the learner's own plugin says what the prompt is.
      ...(hyper.origin_clip === true && { prompt: { use: 'none', template: `${hyper.ctx_init} {}.` } }),
      labels: { use: 'lamm', tokens: onCoOp ? 'shortest' : 'first', slot: atName ? 'name' : 'released' },
      losses: [{ use: 'lamm/hierarchical' }],
      dataset: { shots: hyper.shots },
    };
  },
  observer: () => lammObserver,
});

export const lammHierarchical = definePlugin({
  kind: 'loss',
  needsTrainedLabels: true,
  name: 'lamm/hierarchical',
  description: "LAMM's loss in parameter, feature and logits space (arXiv 2312.08212, eq. 5–8).",
  options: hierarchicalOptions,
  create: ({ shots }, { parameterWeight, featureWeight, logitsWeight, temperature, detach }) =>
    new LammLoss('lamm/hierarchical', true, (step) => [
      { name: 'lamm/parameter', value: parameterTerm(step), weight: parameterWeight ?? 1 / shots },
      { name: 'lamm/feature', value: featureTerm(step), weight: featureWeight },
      { name: 'lamm/logits', value: logitsTerm(step, temperature, detach), weight: logitsWeight },
    ]),
});

export const lammParameter = definePlugin({
  kind: 'loss',
  needsTrainedLabels: true,
  name: 'lamm/parameter',
  description: "LAMM's parameter-space term alone, unweighted (arXiv 2312.08212, eq. 5).",
  options: noOptions,
  create: () =>
    new LammLoss('lamm/parameter', false, (step) => [
      { name: 'lamm/parameter', value: parameterTerm(step), weight: 1 },
    ]),
});

export const lammFeature = definePlugin({
  kind: 'loss',
  needsTrainedLabels: true,
  name: 'lamm/feature',
  description: "LAMM's feature-space term alone, unweighted (arXiv 2312.08212, eq. 6).",
  options: noOptions,
  create: () =>
    new LammLoss('lamm/feature', true, (step) => [{ name: 'lamm/feature', value: featureTerm(step), weight: 1 }]),
});

export const lammLogits = definePlugin({
  kind: 'loss',
  needsTrainedLabels: true,
  name: 'lamm/logits',
  description: "LAMM's logits-space term alone, unweighted (arXiv 2312.08212, eq. 7).",
  options: logitsOptions,
  create: (_, { temperature, detach }) =>
    new LammLoss('lamm/logits', true, (step) => [
      { name: 'lamm/logits', value: logitsTerm(step, temperature, detach), weight: 1 },
    ]),
});

/** The plugins of this package. */
export const plugins = [lamm, lammHierarchical, lammParameter, lammFeature, lammLogits];
