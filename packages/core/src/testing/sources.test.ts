import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { Backbone } from '../contracts/backbone.js';
import type { Dataset } from '../contracts/dataset.js';
import { tinyBackbone } from '../experiment/tiny-parts.test.fixture.js';
import { definePlugin, type ProtocolPlugin } from '../plugin/define-plugin.js';
import { checkBackbone, checkDataset, checkProtocol } from './check.js';

const about = { description: 'Made for these tests.', options: z.strictObject({}) };
const item = (id: string, label = 0) => ({ id, label, load: () => Promise.resolve(Buffer.from(id)) });

let made = 0;
const dataset = (part: () => Partial<Dataset>) =>
  definePlugin({
    ...about,
    ...{ kind: 'dataset', name: 'mine' },
    create: () =>
      Promise.resolve({
        ...{
          name: 'mine',
          classNames: ['ant', 'bee'],
          template: 'a {}.',
          imagePolicy: 'custom' as const,
          digest: 'mine',
        },
        ...{ train: [item('a')], val: [], test: [item('b', 1)] },
        ...part(),
      }),
  });

it('passes a data set that is as it should be', () => checkDataset(dataset(() => ({}))));

it.each<[string, () => Partial<Dataset>]>([
  ['Its template "a photo" does not have exactly one {}', () => ({ template: 'a photo' })],
  ['Two of its classes are called "ant"', () => ({ classNames: ['ant', 'ant'] })],
  ['The image b has the label 2 of 2 classes', () => ({ test: [item('b', 2)] })],
  ['The image b has the label -1 of 2 classes', () => ({ test: [item('b', -1)] })],
  ['The image a is there twice: in train and in test', () => ({ test: [item('a')] })],
  ['is a path of this machine', () => ({ test: [item('/data/b.png')] })],
  ['It has no images', () => ({ train: [], test: [] })],
  ['Its digest is another one when it is made again', () => ({ digest: `${made++}` })],
  ['or in another order', () => ({ train: [item(`${made++}`)] })],
  ['The image b loads no bytes', () => ({ test: [{ ...item('b'), load: () => Promise.resolve(Buffer.alloc(0)) }] })],
])('refuses a data set: %s', async (message, part) => {
  await expect(checkDataset(dataset(part))).rejects.toThrow(message);
});

const backbone = (change: (tiny: Backbone) => Backbone) =>
  definePlugin({
    ...about,
    ...{ kind: 'backbone', name: 'mine' },
    create: () => {
      const tiny = tinyBackbone();
      const { vision, text } = tiny.shape;
      return Promise.resolve(
        change({
          ...tiny,
          shape: { ...tiny.shape, vision: { ...vision, layers: 2 }, text: { ...text, layers: 2, contextLength: 24 } },
        }),
      );
    },
  });

it.each<[string, (tiny: Backbone) => Backbone]>([
  [
    'Image features are [3, 2], not [3, 3]',
    (tiny) => ({ ...tiny, encodeImages: (images) => tf.zeros([images.shape[0], 2]) }),
  ],
  [
    'Image features are not finite',
    (tiny) => ({ ...tiny, encodeImages: (images) => tf.fill([images.shape[0], 3], NaN) }),
  ],
  ['Its logit scale is NaN', (tiny) => ({ ...tiny, logitScale: NaN })],
  [
    'gives the token 1, start or end of text',
    (tiny) => ({ ...tiny, tokenizer: { ...tiny.tokenizer, encode: (text) => [1, ...tiny.tokenizer.encode(text)] } }),
  ],
  ['Its identity is another one', (tiny) => ({ ...tiny, digest: `${made++}` })],
  [
    'has other logits alone than together with the others',
    (tiny) => ({
      ...tiny,
      imagesPerBlock: 4,
      encodeImages: (images) => tf.add(tiny.encodeImages(images), tf.mean(images)) as tf.Tensor2D,
    }),
  ],
])('refuses a backbone: %s', async (message, change) => {
  await expect(checkBackbone(backbone(change))).rejects.toThrow(message);
});

const protocol = (part: Partial<ProtocolPlugin>) =>
  definePlugin({
    ...about,
    ...{ kind: 'protocol', name: 'mine', trainsOn: 'all', testsNovelClasses: false },
    evaluations: async ({ dataset: own }) => [{ name: 'test', dataset: own, split: 'test' }],
    summary: ({ test }) => ({ accuracy: test!.accuracy }),
    ...part,
  } as ProtocolPlugin);

it('passes a protocol that is as it should be', () => checkProtocol(protocol({})));

it.each<[string, Partial<ProtocolPlugin>]>([
  ['It tests on nothing', { evaluations: async () => [] }],
  [
    'is made of training images',
    { evaluations: async ({ dataset: own }) => [{ name: 'test', dataset: own, split: 'train' }] },
  ],
  [
    'Its figure "accuracy" is NaN where all accuracies are 0.',
    { summary: ({ test }) => ({ accuracy: 0 / test!.accuracy }) },
  ],
  ['It makes no figure', { summary: () => ({}) }],
])('refuses a protocol: %s', async (message, part) => {
  await expect(checkProtocol(protocol(part))).rejects.toThrow(message);
});
