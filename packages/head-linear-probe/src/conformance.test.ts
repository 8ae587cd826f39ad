import { randomClip } from '@promptweave/backbone-clip';
import { describeHead } from '@promptweave/core/testing';
import { linearProbe, lpPlusPlus, zeroShotLinearProbe } from './plugin.js';

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

describeHead(linearProbe, {
  backbone,
  options: [
    { searchSteps: 2, iterations: 50 },
    { C: 1, views: 2, normalised: true },
  ],
});
describeHead(lpPlusPlus, {
  backbone,
  options: [{ epochs: 20 }, { epochs: 20, variant: 'released', views: 2, templates }],
});
describeHead(zeroShotLinearProbe, {
  backbone,
  options: [{}, { text: 'live' }, { constraint: 'l2', views: 2, templates }, { constraint: 'l2-adaptative', views: 0 }],
  fixedStart: () => true,
});
