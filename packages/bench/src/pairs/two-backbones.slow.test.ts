import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  PE_FORM,
  randomClip,
  SIGLIP_FORM,
  type ClipBackbone,
  type RandomClipOptions,
} from '@promptweave/backbone-clip';
import { composeClassifier } from '@promptweave/core/experiment';
import { contextOf } from '@promptweave/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allRows, type Row } from './covering-array.test.support.js';
import { choiceOf, defaultRegistry, factorsOf } from './learning-parts.test.support.js';
import { trainAndLoad } from './train-and-load.test.support.js';

const registry = await defaultRegistry();
const [prompts, labels, heads, tunings, gradients] = factorsOf(registry) as [Row, Row, Row, Row, Row];
const names = ['cat', 'sea_horse', 'owl'];

const tower = { width: 16, layers: 2, heads: 2 } as const;
const backbones: Readonly<Record<'clip' | 'siglip' | 'pe', RandomClipOptions>> = {
  clip: {
    ...{ seed: 8, embedding: 16, vocabulary: 512, logitScale: 10 },
    vision: { ...tower, imageSize: 8, patchSize: 4 },
    text: { ...tower, contextLength: 24 },
  },
  siglip: {
    ...{ seed: 9, embedding: 16, vocabulary: 512, logitScale: 10 },
    activation: 'gelu-tanh',
    ...{ form: SIGLIP_FORM, startToken: false },
    vision: { ...tower, imageSize: 8, patchSize: 4, classToken: false, pooling: 'attention' },
    text: { ...tower, contextLength: 24, attention: 'full', reads: 'last' },
  },
  pe: {
    ...{ seed: 10, embedding: 16, vocabulary: 512, logitScale: 10, activation: 'gelu', form: PE_FORM },
    vision: { ...tower, imageSize: 8, patchSize: 4, pooling: 'attention' },
    text: { ...tower, contextLength: 24 },
  },
};

const rest: Row[] = [[gradients[0]!], ['cross-entropy']];
const grid = allRows([
  ['none', 'coop', 'maple', 'comma'],
  ['frozen', 'lamm'],
  ['cosine', 'taskres'],
  ['none'],
  ...rest,
]);
/** Every other part, each beside defaults. */
const singly = [
  ...allRows([prompts.filter((name) => name !== 'mmrl'), [labels[0]!], [heads[0]!], [tunings[0]!], ...rest]),
  ...allRows([[prompts[0]!], [labels[0]!], heads.filter((name) => name !== 'mmrl'), [tunings[0]!], ...rest]),
  ...allRows([[prompts[0]!], [labels[0]!], [heads[0]!], tunings, ...rest]),
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'promptweave-two-backbones-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(['clip', 'siglip', 'pe'] as const)(
  '%s: what trains, and gives the same logits when it is loaded',
  (kind) => {
    let backbone: ClipBackbone;
    beforeAll(() => {
      backbone = randomClip(backbones[kind]);
    });
    afterAll(() => backbone.dispose());

    const rows = kind === 'siglip' ? [...grid, ...singly] : grid;
    it.each(rows.map((row) => [row.join(' + '), row] as const))('%s', async (_, row) => {
      await trainAndLoad(row, { registry, backbone, names, folder });
    });
  },
);

it('a prompt that needs a class token is refused beside a SigLIP, before anything is made', () => {
  const backbone = randomClip(backbones.siglip);
  const row = ['mmrl', labels[0]!, 'mmrl', tunings[0]!, ...rest.flat()];
  const context = contextOf(backbone, { names });
  const tensors = tf.memory().numTensors;
  expect(() => composeClassifier(registry, context, choiceOf(row, registry))).toThrow(/is not read at a class token/);
  expect(tf.memory().numTensors).toBe(tensors);
  backbone.dispose();
});
