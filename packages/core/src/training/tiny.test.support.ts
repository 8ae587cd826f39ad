import * as tf from '@tensorflow/tfjs-core';
import type { Backbone } from '../contracts/backbone.js';
import type { Dataset, ImageItem } from '../contracts/dataset.js';
import type { Loss } from '../contracts/loss.js';
import type { LabelAligner, PromptLearner } from '../contracts/parts.js';
import type { BatchRequest, DataPipeline, HostBatch } from '../contracts/pipeline.js';
import { FrozenLabels } from '../builtin/frozen-labels.js';
import { Classifier } from '../model/classifier.js';
import { hashSeed, seededNormal } from '../model/maths.js';

const WIDTH = 6;
const EMBEDDING = 5;
const SIZE = 2;

export const classNames = ['ant', 'bee', 'cat'] as const;

/** A frozen model that is small enough to be followed by hand: mean rows and pixels through a random matrix and tanh. */
export function tinyBackbone(digest = 'tiny'): Backbone {
  const table = seededNormal([32, WIDTH], 1, 3, 'table') as tf.Tensor2D;
  const text = seededNormal([WIDTH, EMBEDDING], 1, 3, 'text') as tf.Tensor2D;
  const vision = seededNormal([3 * SIZE * SIZE, EMBEDDING], 1, 3, 'vision') as tf.Tensor2D;
  return {
    name: 'tiny',
    digest,
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
    preprocessing: { resize: 'shortest', interpolation: 'bicubic', size: SIZE, mean: [0, 0, 0], std: [1, 1, 1] },
    logitScale: 4,
    embedTokens: (ids) => tf.tidy(() => tf.gather(table, tf.tensor1d([...ids], 'int32'))),
    encodeText({ prefix, branches, lengths }) {
      let start = 0;
      const means = lengths.map((length) => {
        const rows = tf.concat([prefix, tf.slice(branches, [start, 0], [length, -1])]);
        start += length;
        return tf.mean(rows, 0, true);
      });
      const features: tf.Tensor2D = tf.tanh(tf.matMul(tf.concat(means), text));
      return {
        features,
        kept: 0,
        rows: () => {
          throw new Error('The tiny backbone keeps no rows.');
        },
      };
    },
    encodeImages(images, prompts) {
      const features: tf.Tensor2D = tf.matMul(tf.reshape(images, [-1, 3 * SIZE * SIZE]), vision);
      return tf.tanh<tf.Tensor2D>(prompts ? tf.add(features, tf.mean(prompts.shallow!)) : features);
    },
    dispose: () => tf.dispose([table, text, vision]),
  };
}

/** Parts of a tiny classifier that a test wants otherwise. */
export interface TinyOptions {
  readonly backbone?: Backbone;
  readonly promptsVision?: boolean;
  readonly classNames?: readonly string[];
  readonly learner?: Partial<PromptLearner>;
  readonly aligner?: LabelAligner;
  readonly trainsLabels?: boolean;
  readonly novelClasses?: 'swap' | 'trained only';
  readonly losses?: readonly { loss: Loss; weight: number }[];
}

/** Two context vectors that are learned with cross-entropy, and one vision prompt where asked for. */
export function tinyClassifier(options: TinyOptions = {}): Classifier {
  const backbone = options.backbone ?? tinyBackbone();
  const { promptsVision = false, trainsLabels = false, novelClasses = 'swap' } = options;
  const context = tf.tidy(() => tf.variable(seededNormal([2, WIDTH], 0.5, 1, 'ctx')));
  const prompt = tf.tidy(() => tf.variable(seededNormal([1, WIDTH], 0.5, 1, 'vision')));
  const learner: PromptLearner = {
    variables: promptsVision ? { ctx: context, vision: prompt } : { ctx: context },
    template: { before: backbone.tokenizer.encode('a photo'), after: [] },
    prompts: () => ({
      text: { vectors: tf.clone(context) as tf.Tensor2D, scope: 'shared', namePosition: 'end', deep: [] },
      ...(promptsVision && { vision: { shallow: tf.clone(prompt) as tf.Tensor2D, deep: [] } }),
    }),
    dispose: () => tf.dispose([context, prompt]),
    ...options.learner,
  };
  return new Classifier({
    backbone,
    learner,
    learnerProperties: { promptsVision, dependsOnImage: false, novelClasses },
    aligner: options.aligner ?? new FrozenLabels(backbone, options.classNames ?? classNames),
    alignerProperties: { trainsLabels },
    losses: options.losses ?? [{ loss: crossEntropy, weight: 1 }],
  });
}

/** −mean log p of the true class. */
export const crossEntropy: Loss = {
  name: 'cross-entropy',
  needs: {},
  terms: (step) => {
    const own = tf.mul(tf.oneHot(step.labels, step.classes), tf.logSoftmax(step.logits));
    return [{ name: 'cross-entropy', value: tf.neg(tf.mean(tf.sum(own, -1))) as tf.Scalar, weight: 1 }];
  },
  dispose: () => undefined,
};

/** `perClass` images of each class in every split; their pixels are a function of their id. */
export function tinyDataset(perClass: number, name = 'tiny'): Dataset {
  const split = (of: string): ImageItem[] =>
    classNames.flatMap((className, label) =>
      Array.from({ length: perClass }, (_, i) => ({
        id: `${of}/${className}/${i}`,
        label,
        load: () => Promise.resolve(Buffer.alloc(0)),
      })),
    );
  return {
    name,
    classNames,
    template: 'a photo {}',
    imagePolicy: 'custom',
    train: split('train'),
    val: split('val'),
    test: split('test'),
    digest: `${name} of ${perClass}`,
  };
}

/** Pixels that lean towards their class, moved by seed, epoch and id where they are augmented. */
export const tinyPipeline: DataPipeline = {
  subset: (dataset) => dataset,
  async *batches(request: BatchRequest): AsyncGenerator<HostBatch> {
    const { items, batchSize, dropLast, augment, seed, epoch } = request;
    for (let start = 0; start < items.length; start += batchSize) {
      const batch = items.slice(start, start + batchSize);
      if (dropLast && batch.length < batchSize) return;
      await Promise.resolve();
      const images = batch.flatMap(({ id, label }) =>
        Array.from({ length: 3 * SIZE * SIZE }, (_, i) => {
          const noise = hashSeed(augment ? seed * 1000 + epoch : 0, `${id} ${i}`) / 2 ** 31 - 0.5;
          return noise + (i % 3 === label ? 0.5 : 0);
        }),
      );
      yield { images: Float32Array.from(images), labels: Int32Array.from(batch, (item) => item.label), items: batch };
    }
  },
};
