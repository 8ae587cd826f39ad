import { randomClip } from '@promptweave/backbone-clip';
import { contextOf, describeHead, describeLoss, describePromptLearner } from '@promptweave/core/testing';
import { expect, it } from 'vitest';
import { mmrlHead, mmrlImage, mmrlPrompt } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 1,
    vision: { width: 32, layers: 3, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 3, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

describePromptLearner(mmrlPrompt, {
  backbone,
  options: [
    { first: 2, last: 3, width: 16 },
    { first: 3, last: 3, width: 8, tokens: 2, template: 'a drawing of a {}.' },
  ],
});
describeHead(mmrlHead, {
  backbone,
  options: [{}, { alpha: 0.4, projection: 'backbone' }],
  fixedStart: (_, { projection }) => projection === 'backbone',
});
describeLoss(mmrlImage, { backbone, withoutGradient: (name) => !name.startsWith('probe_vision') });

it('refuses layers that the towers do not have, by their options', () => {
  const clip = backbone();
  const create = (options: object) => () => mmrlPrompt.create(contextOf(clip), mmrlPrompt.options.parse(options));
  expect(create({})).toThrow('layers 6 to 12, and the towers have layers 1 to 3');
  expect(create({ first: 3, last: 2 })).toThrow('layers 3 to 2');
  clip.dispose();
});
