import * as tf from '@tensorflow/tfjs-core';
import {
  definePlugin,
  hashSeed,
  seededNormal,
  type Backbone,
  type BatchRequest,
  type DataPipeline,
  type Dataset,
  type HostBatch,
  type ImageItem,
  type LabelAligner,
  type LabelEmbeddings,
  type Plugin,
} from '@promptweave/core';
import {
  createContainer,
  disposeBackbones,
  FrozenLabels,
  Registry,
  resolveConfiguration,
  type Configuration,
  type ResolvedConfiguration,
} from '@promptweave/core/experiment';
import { z } from 'zod';
import { plugins as protocols } from './protocols/plugins.js';
import type { RunEnvironment } from './protocols/protocol-run.js';

const WIDTH = 6;
const EMBEDDING = 5;
const SIZE = 2;
const classNames = ['ant', 'bee', 'cat', 'dog'];

/** Mean rows and pixels through a random matrix and tanh. */
function tinyBackbone(): Backbone {
  const table = seededNormal([32, WIDTH], 1, 3, 'table') as tf.Tensor2D;
  const text = seededNormal([WIDTH, EMBEDDING], 1, 3, 'text') as tf.Tensor2D;
  const vision = seededNormal([3 * SIZE * SIZE, EMBEDDING], 1, 3, 'vision') as tf.Tensor2D;
  return {
    name: 'tiny',
    digest: 'tiny',
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
    embedTokens: (ids) => tf.gather(table, tf.tensor1d([...ids], 'int32')),
    encodeText({ prefix, branches, lengths }) {
      const parts = tf.split(branches, [...lengths]);
      const means = parts.map((rows) => tf.mean(tf.concat([prefix, rows]), 0, true));
      const features: tf.Tensor2D = tf.tanh(tf.matMul(tf.concat(means), text));
      return { features, kept: 0, rows: () => features };
    },
    encodeImages: (images) => tf.tanh<tf.Tensor2D>(tf.matMul(tf.reshape(images, [-1, 3 * SIZE * SIZE]), vision)),
    dispose: () => tf.dispose([table, text, vision]),
  };
}

/** One trained row for each class, whose values go with the class name. */
class TrainedRows implements LabelAligner {
  readonly variables: { readonly rows: tf.Variable };

  constructor(
    private readonly backbone: Backbone,
    readonly classNames: readonly string[],
    private readonly known: ReadonlyMap<string, number[]> = new Map(),
  ) {
    const start = tf.tidy(() => this.anchors().names.arraySync());
    const values = classNames.map((name, c) => known.get(name) ?? start[c]!);
    this.variables = { rows: tf.tidy(() => tf.variable(tf.tensor2d(values))) };
  }

  labels(): LabelEmbeddings {
    return { names: tf.clone(this.variables.rows) as tf.Tensor as tf.Tensor2D, lengths: this.classNames.map(() => 1) };
  }

  anchors(): LabelEmbeddings {
    const ids = this.classNames.map((name) => this.backbone.tokenizer.encode(name)[0]!);
    return { names: this.backbone.embedTokens(ids), lengths: ids.map(() => 1) };
  }

  withClasses(names: readonly string[]): TrainedRows {
    const values = this.variables.rows.arraySync() as number[][];
    const own = this.classNames.map((name, c) => [name, values[c]!] as const);
    return new TrainedRows(this.backbone, names, new Map([...this.known, ...own]));
  }

  dispose(): void {
    this.variables.rows.dispose();
  }
}

/** `noise` moves the pixels; `broken` makes the test images unreadable; `slow` waits before each batch, milliseconds. */
const options = z.strictObject({
  noise: z.number().default(1).describe('Noise.'),
  broken: z.boolean().default(false).describe('Unreadable.'),
});

function tinyDataset({ noise, broken }: z.output<typeof options>): Dataset {
  const split = (of: string): ImageItem[] =>
    classNames.flatMap((name, label) =>
      Array.from({ length: 4 }, (_, i) => {
        const id = `${of}/${name}/${i}/${noise}/${broken}`;
        return { id, label, load: () => (broken ? Promise.reject(new Error(id)) : Promise.resolve(Buffer.from(id))) };
      }),
    );
  const parts = { train: split('train'), val: split('val'), test: split('test') };
  const named = { name: 'tiny', classNames, template: 'a photo {}', imagePolicy: 'custom' as const };
  return { ...named, ...parts, digest: `tiny ${noise}` };
}

/** The first half of the classes, or the rest, labelled from 0. */
const tinyPipeline: DataPipeline = {
  subset: (dataset, { classes }) => {
    if (classes === 'all') return dataset;
    const [from, to] = classes === 'base' ? [0, 2] : [2, 4];
    const choose = (items: readonly ImageItem[]): ImageItem[] =>
      items.filter(({ label }) => label >= from && label < to).map((item) => ({ ...item, label: item.label - from }));
    const { train, val, test } = dataset;
    const names = dataset.classNames.slice(from, to);
    return { ...dataset, classNames: names, train: choose(train), val: choose(val), test: choose(test) };
  },
  async *batches({ items, batchSize, dropLast, augment, seed, epoch }: BatchRequest): AsyncGenerator<HostBatch> {
    for (let start = 0; start < items.length; start += batchSize) {
      const batch = items.slice(start, start + batchSize);
      if (dropLast && batch.length < batchSize) return;
      if (batch.some(({ id }) => id.startsWith('test') && id.endsWith('true')))
        throw new Error('cannot read a test image');
      await Promise.resolve();
      const pixels = batch.flatMap(({ id }) => {
        const [, name = '', , noise] = id.split('/');
        return Array.from({ length: 3 * SIZE * SIZE }, (_, i) => {
          const random = hashSeed(augment ? seed * 1000 + epoch : 0, `${id} ${i}`) / 2 ** 31 - 0.5;
          return Number(noise) * random + (i % 4 === classNames.indexOf(name) ? 0.5 : 0);
        });
      });
      const labels = Int32Array.from(batch, ({ label }) => label);
      yield { images: Float32Array.from(pixels), labels, items: batch };
    }
  },
};

const noOptions = z.strictObject({});

const tinyPlugins: readonly Plugin[] = [
  definePlugin({
    kind: 'backbone',
    name: 'tiny',
    description: 'Tiny.',
    options: noOptions,
    create: async () => tinyBackbone(),
  }),
  definePlugin({
    kind: 'dataset',
    name: 'tiny',
    description: 'Tiny.',
    options,
    create: async (_, chosen) => tinyDataset(chosen),
  }),
  definePlugin({
    kind: 'labels',
    name: 'trained',
    description: 'One row for each class.',
    options: noOptions,
    properties: () => ({ trainsLabels: true }),
    create: ({ backbone, classNames: names }) => new TrainedRows(backbone, names),
  }),
  definePlugin({
    kind: 'labels',
    name: 'failing',
    description: 'Cannot be made.',
    options: noOptions,
    properties: () => ({ trainsLabels: false }),
    create: ({ backbone, classNames: names }) => {
      new FrozenLabels(backbone, names).dispose();
      throw new Error('these labels cannot be made');
    },
  }),
  definePlugin({
    kind: 'prompt',
    name: 'context',
    description: 'Two context vectors.',
    options: noOptions,
    properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
    create: ({ backbone, seed }) => {
      const context = tf.tidy(() => tf.variable(seededNormal([2, WIDTH], 0.5, seed, 'ctx')));
      return {
        variables: { ctx: context },
        template: { before: backbone.tokenizer.encode('a photo'), after: [] },
        prompts: () => ({
          text: {
            vectors: tf.clone(context) as tf.Tensor as tf.Tensor2D,
            scope: 'shared',
            namePosition: 'end',
            deep: [],
          },
        }),
        dispose: () => context.dispose(),
      };
    },
  }),
  ...protocols,
];

/** Core's plugins, the protocols, and parts that are small enough for many runs in a second. */
export function tinyRegistry(): Registry {
  return new Registry(tinyPlugins.map((plugin) => ({ plugin, module: 'tiny', version: '1' })));
}

/** Everything that runs on the tiny parts need. */
export function tinyEnvironment(): Omit<RunEnvironment, 'features'> & { close(): Promise<void> } {
  const container = createContainer(tinyPipeline);
  return { container, registry: tinyRegistry(), pipeline: tinyPipeline, close: () => disposeBackbones(container) };
}

/** What the tiny runs have in common. */
export const tinyConfiguration: Configuration = {
  backbone: 'tiny',
  dataset: 'tiny',
  train: { epochs: 3, learningRate: 0.1, batch: 4 },
};

/** A configuration of the tiny parts. */
export function tinyResolve(configuration: Configuration): ResolvedConfiguration {
  return resolveConfiguration({ ...tinyConfiguration, ...configuration }, { registry: tinyRegistry() });
}
