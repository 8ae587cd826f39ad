import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  ConfigError,
  cosineLogits,
  HeadTexts,
  keepCopy,
  normalise,
  type Head,
  type HeadInput,
  type HeadMaterial,
  type NamedVariables,
  type PartContext,
} from '@promptweave/core';
import type { tipAdapterOptions } from './options.js';
import { searchSharpness } from './search.js';
import { cacheKeys, cacheLogits, cacheValues, type Sharpness } from './tip-cache.js';

type Options = z.output<typeof tipAdapterOptions>;

/** Learned tensors: the keys [K, E], their classes [K], and α and β where they are searched, [2]. */
const KEYS = 'adapter.weight';
const LABELS = 'cache_labels';
const SHARPNESS = 'alpha_beta';

/** What the heads of all classes share. */
interface Cache {
  keys: tf.Variable<tf.Rank.R2>;
  labels: tf.Variable<tf.Rank.R1>;
  readonly sharpness?: tf.Variable<tf.Rank.R1>;
  readonly trained: readonly string[];
}

/**
 * Tip-Adapter (arXiv 2207.09519, eq. 4–6): the training images of a class stand beside the cosine with its text, the closer the heavier,
 * z = τ v·t + α exp(−β (1 − v·Fᵀ)) · one-hot. With `fineTune`, the keys F are trained from there. Before it is prepared it has no keys.
 */
export class TipAdapterHead implements Head {
  /** One-hot classes of the keys, and the labels they were made of. */
  private values?: { readonly of: object; readonly matrix: tf.Tensor2D };

  constructor(
    readonly classNames: readonly string[],
    private readonly texts: HeadTexts,
    private readonly cache: Cache,
    private readonly options: Options,
    private readonly own = false,
  ) {}

  static create(context: PartContext, options: Options): TipAdapterHead {
    const { classNames, backbone } = context;
    const variable = <R extends tf.Rank>(make: () => tf.Tensor<R>): tf.Variable<R> =>
      tf.tidy(() => tf.variable(make()));
    const { alpha, beta, search } = options;
    const cache: Cache = {
      keys: variable(() => tf.zeros([0, backbone.shape.embedding])),
      labels: variable(() => tf.zeros([0], 'int32')),
      ...(search === 'val' && { sharpness: variable(() => tf.tensor1d([alpha, beta])) }),
      trained: classNames,
    };
    return new TipAdapterHead(classNames, HeadTexts.of(context, options, 'directions'), cache, options, true);
  }

  get variables(): NamedVariables {
    return this.own && this.options.fineTune ? { [KEYS]: this.cache.keys } : {};
  }

  get fitted(): NamedVariables {
    if (!this.own) return {};
    const { keys, labels, sharpness } = this.cache;
    return {
      ...(!this.options.fineTune && { [KEYS]: keys }),
      [LABELS]: labels,
      ...(sharpness && { [SHARPNESS]: sharpness }),
    };
  }

  prepare({ train }: HeadMaterial): void {
    tf.tidy(() => this.remember(cacheKeys(train), train.labels));
  }

  finish({ validation, texts, logitScale }: HeadMaterial): void {
    const { sharpness } = this.cache;
    if (!sharpness) return;
    if (!validation) {
      throw new ConfigError('There are no validation images on which α and β could be chosen.', {
        where: 'head.search',
        remedy: 'Set head.search=none, or take a data set with validation images.',
      });
    }
    const rawImages = validation.views[0]!;
    const { alpha, beta } = this.search({ rawImages, texts, logitScale }, validation.labels.dataSync());
    tf.tidy(() => sharpness.assign(tf.tensor1d([alpha, beta])));
  }

  /** The best α and β for some images of these classes. */
  search(input: Pick<HeadInput, 'rawImages' | 'texts' | 'logitScale'>, labels: ArrayLike<number>): Sharpness {
    const { searchRange: range, searchSteps: steps } = this.options;
    return tf.tidy(() => {
      const images = normalise(input.rawImages);
      const { texts, logitScale } = input;
      const clipLogits = this.clipLogits({ images, texts, logitScale });
      const affinity = this.affinity(images);
      const found = searchSharpness({ clipLogits, affinity, values: this.valuesNow(), labels, range, steps });
      return { ...found };
    });
  }

  reshape(shapes: Readonly<Record<string, readonly number[]>>): void {
    const [count] = shapes[KEYS] ?? [];
    const [now, width] = this.cache.keys.shape;
    if (count === undefined || count === now) return;
    tf.tidy(() => this.remember(tf.zeros([count, width]), tf.zeros([count], 'int32')));
  }

  logits(input: HeadInput): tf.Tensor2D {
    const { sharpness } = this.cache;
    if (!sharpness) return this.weighed(input, this.options);
    const [alpha, beta] = tf.split(sharpness, 2).map((one) => tf.reshape(one, [])) as [tf.Scalar, tf.Scalar];
    return this.weighed(input, { alpha, beta });
  }

  /** Logits with some α and β, [B, C]. */
  weighed(
    input: Pick<HeadInput, 'images' | 'texts' | 'logitScale'>,
    sharpness: { readonly alpha: number | tf.Scalar; readonly beta: number | tf.Scalar },
  ): tf.Tensor2D {
    const clip = this.clipLogits(input);
    if (this.cache.keys.shape[0] === 0) return clip;
    return tf.add(clip, cacheLogits(this.affinity(input.images), this.valuesNow(), sharpness));
  }

  /** Logits without the cache, [B, C]. */
  clipLogits(input: Pick<HeadInput, 'images' | 'texts' | 'logitScale'>): tf.Tensor2D {
    return cosineLogits(input.images, this.texts.normalised(input), this.options.logitScale ?? input.logitScale);
  }

  /** Normalised text features, [C, E], keys, [K, E], and their one-hot classes, [K, C]. */
  shown(input: Pick<HeadInput, 'texts'>): Readonly<Record<'texts' | 'keys' | 'values', tf.Tensor2D>> {
    return { texts: this.texts.normalised(input), keys: this.cache.keys, values: this.valuesNow() };
  }

  withClasses(classNames: readonly string[]): TipAdapterHead {
    return new TipAdapterHead(classNames, this.texts.withClasses(classNames), this.cache, this.options);
  }

  dispose(): void {
    this.texts.dispose();
    this.values?.matrix.dispose();
    if (!this.own) return;
    const { keys, labels, sharpness } = this.cache;
    tf.dispose([keys, labels, ...(sharpness ? [sharpness] : [])]);
  }

  private affinity(images: tf.Tensor2D): tf.Tensor2D {
    return tf.matMul(images, this.cache.keys, false, true); // [B, K]
  }

  private valuesNow(): tf.Tensor2D {
    const { labels, trained } = this.cache;
    if (this.values?.of !== labels.dataId) {
      this.values?.matrix.dispose();
      const matrix = tf.tidy(() => keepCopy(cacheValues(labels, trained, this.classNames)));
      this.values = { of: labels.dataId, matrix };
    }
    return this.values.matrix;
  }

  private remember(keys: tf.Tensor2D, labels: tf.Tensor1D): void {
    tf.dispose([this.cache.keys, this.cache.labels]);
    this.cache.keys = tf.variable(keys);
    this.cache.labels = tf.variable(labels);
  }
}
