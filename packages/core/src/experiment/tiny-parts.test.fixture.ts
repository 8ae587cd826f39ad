import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Backbone } from '../contracts/backbone.js';
import type { Dataset, ImageItem } from '../contracts/dataset.js';
import type { DataPipeline, SubsetRequest } from '../contracts/pipeline.js';
import { definePlugin } from '../plugin/define-plugin.js';
import type { RegisteredPlugin } from '../plugin/registry.js';

const WIDTH = 3;
const END = 999;

/** Every word and every sign is a token; its embedding is a function of its id, so that tests can compute it again. */
export const tinyTokenizer = {
  startId: 1,
  endId: END,
  encode: (text: string) => (text.match(/\w+|[^\w\s]/g) ?? []).map(idOf),
  decode: (ids: readonly number[]) => ids.join(' '),
};

function idOf(word: string): number {
  return 2 + ([...word].reduce((sum, letter) => 7 * sum + letter.charCodeAt(0), 0) % 900);
}

/** Embedding of a token, [3]. */
export function tinyEmbedding(id: number): number[] {
  return [Math.sin(id), Math.cos(3 * id), Math.sin(5 * id + 1)];
}

/** A backbone whose text feature is the sum of a class's rows and whose image feature is the mean colour. */
export function tinyBackbone(): Backbone & { disposed: boolean } {
  return {
    name: 'tiny',
    shape: {
      vision: { width: WIDTH, layers: 1, heads: 1, imageSize: 2, patchSize: 1 },
      text: { width: WIDTH, layers: 1, heads: 1, contextLength: 16 },
      embedding: WIDTH,
    },
    tokenizer: tinyTokenizer,
    preprocessing: { resize: 'shortest', interpolation: 'bicubic', size: 2, mean: [0, 0, 0], std: [1, 1, 1] },
    logitScale: 10,
    digest: 'tiny',
    disposed: false,
    embedTokens: (ids) => tf.tensor2d(ids.map(tinyEmbedding), [ids.length, WIDTH]),
    encodeText: ({ prefix, branches, lengths }) => {
      const shared = tf.sum(prefix, 0, true); // [1, T]
      const sums = tf.split(branches, [...lengths], 0).map((rows) => tf.sum(rows, 0, true)); // C times [1, T]
      const features = tf.add(tf.concat(sums, 0), shared) as tf.Tensor2D; // [C, T]
      return { features, kept: 0, rows: () => features };
    },
    encodeImages: (images) => tf.mean(images, [2, 3]),
    dispose() {
      this.disposed = true;
    },
  };
}

/** Options that the tiny plugins were created with, and what they made. */
export interface TinyLog {
  readonly backbones: (Backbone & { disposed: boolean })[];
  readonly created: { readonly kind: string; readonly options: unknown; readonly context: unknown }[];
  readonly subsets: SubsetRequest[];
}

/** A backbone `tiny` and a data set `pets`, which write down how they are used. */
export function tinyPlugins(log: TinyLog): RegisteredPlugin[] {
  const backbone = definePlugin({
    kind: 'backbone',
    name: 'tiny',
    description: 'Sums of embeddings.',
    options: z.strictObject({ grain: z.number().default(1).describe('Nothing.') }),
    create: async (context, options) => {
      log.created.push({ kind: 'backbone', options, context });
      const made = tinyBackbone();
      log.backbones.push(made);
      return made;
    },
  });
  const dataset = definePlugin({
    kind: 'dataset',
    name: 'pets',
    description: 'Two pets.',
    options: z.strictObject({ path: z.string().default('pets').describe('Folder.') }),
    create: async (context, options) => {
      log.created.push({ kind: 'dataset', options, context });
      return pets();
    },
  });
  return [backbone, dataset].map((plugin) => ({ plugin, module: 'tiny' }));
}

/** A pipeline that writes its requests down and hands the data set on. */
export function tinyPipeline(log: TinyLog): DataPipeline {
  return {
    subset: (dataset, request) => {
      log.subsets.push(request);
      return dataset;
    },
    batches: () => {
      throw new Error('These tests make their own batches.');
    },
  };
}

function pets(): Dataset {
  const item = (label: number, index: number): ImageItem => ({
    id: `${label}/${index}`,
    label,
    load: () => Promise.reject(new Error('There are no files.')),
  });
  const train = [0, 1].flatMap((label) => [0, 1, 2].map((index) => item(label, index)));
  const names = { name: 'pets', classNames: ['tabby_cat', 'dog'], template: 'a photo of a {}, a pet.' };
  return { ...names, imagePolicy: 'custom', train, val: [], test: [], digest: 'pets' };
}

/** Four images of 2 × 2 pixels and their classes. */
export function tinyBatch(): { images: tf.Tensor4D; labels: tf.Tensor1D } {
  const pixels = Array.from({ length: 4 * 3 * 2 * 2 }, (_, index) => Math.sin(index * index));
  return { images: tf.tensor4d(pixels, [4, 3, 2, 2]), labels: tf.tensor1d([0, 1, 1, 0], 'int32') };
}
