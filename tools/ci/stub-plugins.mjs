// A backbone, a data set and a prompt learner that are small enough for thousands of runs: what CI tries sweeps with.
import { setTimeout } from 'node:timers/promises';
import { definePlugin, hashSeed, seededNormal, SERVICES } from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { z } from 'zod';

const WIDTH = 6;
const EMBEDDING = 5;
const SIZE = 4;
const classNames = ['ant', 'bee', 'cat', 'dog'];
const preprocessing = {
  resize: 'shortest',
  interpolation: 'bicubic',
  size: SIZE,
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
};
const colours = ['#d03030', '#30a030', '#3050d0', '#c0c030'];

/** Sleeps without using the processor and without giving others a turn, as a long computation would. */
const sleep = (milliseconds) =>
  milliseconds > 0 && Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

/** Mean rows and pixels through a random matrix and tanh. */
function stubBackbone(pause) {
  const table = seededNormal([32, WIDTH], 1, 3, 'table');
  const text = seededNormal([WIDTH, EMBEDDING], 1, 3, 'text');
  const vision = seededNormal([3 * SIZE * SIZE, EMBEDDING], 1, 3, 'vision');
  return {
    name: 'stub',
    digest: 'stub',
    shape: {
      vision: { width: WIDTH, layers: 1, heads: 1, imageSize: SIZE, patchSize: 1 },
      text: { width: WIDTH, layers: 1, heads: 1, contextLength: 16 },
      embedding: EMBEDDING,
    },
    tokenizer: {
      startId: 30,
      endId: 31,
      encode: (words) => [...words.matchAll(/[a-z]+/g)].map(([word]) => hashSeed(0, word) % 30),
      decode: (ids) => ids.join(' '),
    },
    preprocessing,
    logitScale: 4,
    embedTokens: (ids) => tf.gather(table, tf.tensor1d([...ids], 'int32')),
    encodeText({ prefix, branches, lengths }) {
      sleep(pause);
      const means = tf.split(branches, [...lengths]).map((rows) => tf.mean(tf.concat([prefix, rows]), 0, true));
      const features = tf.tanh(tf.matMul(tf.concat(means), text));
      return { features, kept: 0, rows: () => features };
    },
    encodeImages: (images) => tf.tanh(tf.matMul(tf.reshape(images, [-1, 3 * SIZE * SIZE]), vision)),
    dispose: () => tf.dispose([table, text, vision]),
  };
}

function stubDataset(images, load) {
  const split = (of) =>
    classNames.flatMap((_, label) =>
      Array.from({ length: images }, (_, i) => ({
        id: `${of}/${label}/${i}`,
        label,
        load: async () => {
          if (load > 0) await setTimeout(load);
          const background = colours[(label + (i === 1 ? 1 : 0)) % colours.length]; // some are hard
          return sharp({ create: { width: SIZE, height: SIZE, channels: 3, background } })
            .png()
            .toBuffer();
        },
      })),
    );
  const parts = { train: split('train'), val: split('val'), test: split('test') };
  return {
    name: 'stub',
    classNames,
    template: 'a photo {}',
    imagePolicy: 'custom',
    ...parts,
    digest: `stub ${images}`,
  };
}

export const plugins = [
  definePlugin({
    kind: 'backbone',
    name: 'stub',
    description: 'A random matrix.',
    options: z.strictObject({ pause: z.number().default(0).describe('Milliseconds of each text pass.') }),
    create: async (_, { pause }) => stubBackbone(pause),
    identity: async () => ({ digest: 'stub', preprocessing }),
  }),
  definePlugin({
    kind: 'dataset',
    name: 'stub',
    description: 'Coloured squares.',
    options: z.strictObject({
      images: z.number().default(4).describe('Images of each class in each split.'),
      load: z.number().default(0).describe('Milliseconds that reading an image takes.'),
    }),
    create: async ({ services }, { images, load }) => {
      services.get(SERVICES.logger).info(`GPUs: ${process.env.CUDA_VISIBLE_DEVICES ?? 'all'}`);
      return stubDataset(images, load);
    },
  }),
  definePlugin({
    kind: 'prompt',
    name: 'stub',
    description: 'Two context vectors.',
    options: z.strictObject({ scale: z.number().default(0.5).describe('Size of the start values.') }),
    properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
    create: ({ backbone, seed }, { scale }) => {
      const context = tf.tidy(() => tf.variable(seededNormal([2, WIDTH], scale, seed, 'ctx')));
      return {
        variables: { ctx: context },
        template: { before: backbone.tokenizer.encode('a photo'), after: [] },
        prompts: () => ({ text: { vectors: tf.clone(context), scope: 'shared', namePosition: 'end', deep: [] } }),
        dispose: () => context.dispose(),
      };
    },
  }),
];
