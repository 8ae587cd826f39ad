import { randomClip } from '@promptweave/backbone-clip';
import { describeHead } from '@promptweave/core/testing';
import { clipAdapter, taskres, tipAdapter } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

const templates = ['a photo of a {}.', 'art of the {}.'];

describeHead(taskres, {
  backbone,
  options: [{}, { relative: true }, { alpha: 1, templates, keepUnderscores: true }],
  fixedStart: () => true,
});

describeHead(clipAdapter, { backbone, options: [{}, { ratio: 0.6, reduction: 2, templates }] });

describeHead(tipAdapter, {
  backbone,
  options: [
    { views: 2 },
    { views: 0, search: 'val', searchSteps: [5, 4] },
    { views: 2, fineTune: true },
    { views: 1, fineTune: true, search: 'val', searchSteps: [5, 4], templates, logitScale: 30 },
  ],
  fixedStart: () => true,
});
