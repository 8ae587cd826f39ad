import { randomClip } from '@promptweave/backbone-clip';
import { contextOf, describePromptLearner } from '@promptweave/core/testing';
import { expect, it } from 'vitest';
import { tcp } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 3, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

describePromptLearner(tcp, {
  backbone,
  options: [
    { classBlock: 1 },
    {
      classBlock: 2,
      contextLength: 2,
      contextInit: 'a photo',
      before: 'of',
      after: ', an animal.',
      teacher: 'a drawing of a {}.',
    },
  ],
  fixedStart: (name, { contextInit }) => name === 'ctx' && contextInit !== '',
});

it('refuses a block that the tower does not have, by its option', () => {
  const clip = backbone();
  expect(() => tcp.create(contextOf(clip), tcp.options.parse({}))).toThrow('no block 8');
  const shallow = randomClip({ ...clip.shape, seed: 1, vocabulary: 512, text: { ...clip.shape.text, layers: 1 } });
  expect(() => tcp.create(contextOf(shallow), tcp.options.parse({ classBlock: 1 }))).toThrow('no block 1');
  for (const one of [clip, shallow]) one.dispose();
});
