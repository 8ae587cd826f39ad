import * as tf from '@tensorflow/tfjs-core';
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
    { classBlock: 2, contextLength: 2, contextInit: 'a photo', after: ', an animal.', teacher: 'a drawing of a {}.' },
  ],
  fixedStart: (name, { contextInit }) => name === 'ctx' && contextInit !== '',
});

it('has the rows of a shared deep prompt where the second layer has no weights', () => {
  const clip = backbone();
  const learner = tcp.create(contextOf(clip), tcp.options.parse({ classBlock: 1 }));
  tf.tidy(() => {
    const { [`meta_net.linear2.weight`]: weight, [`meta_net.linear2.bias`]: bias } = learner.variables;
    weight!.assign(tf.zerosLike(weight!));
    const { rows } = learner.prompts().text!.ofClasses!;
    for (const row of tf.unstack(rows)) expect([...row.dataSync()]).toEqual([...bias!.dataSync()]);
  });
  learner.dispose();
  clip.dispose();
});

it('refuses a block that the tower does not have, by its option', () => {
  const clip = backbone();
  expect(() => tcp.create(contextOf(clip), tcp.options.parse({}))).toThrow('no block 8');
  clip.dispose();
});
