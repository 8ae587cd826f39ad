import { ConfigError, type DatasetError, type ImageItem } from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Answering } from './answering.js';
import { answersOf, type Answer, type AnswerOptions } from './answers.js';
import { examine, type Examination } from './examine.js';
import { explain, type Explanation } from './explain.js';
import { imageItem, type ImageInput } from './image-input.js';

/** How images are answered. */
export interface PredictOptions extends AnswerOptions, Pick<Examination, 'batch' | 'signal'> {}

/** What became of one image of many. */
export type ImageOutcome =
  | {
      /** As it was given. */
      readonly image: ImageInput;
      /** The best first; none where the best is below the threshold. */
      readonly answers: readonly Answer[];
    }
  | {
      /** As it was given. */
      readonly image: ImageInput;
      /** Why it cannot be read, and what to do. */
      readonly error: DatasetError;
    };

/** A classifier that was trained, ready to be used. Free it with `close`. */
export class Model {
  /** Names of the classes, in the order of the logits. */
  readonly classes: readonly string[];
  /** What was chosen or assumed when it was loaded, a sentence each. */
  readonly notes: readonly string[];
  /** Side of the images that the model sees, in pixels. */
  readonly imageSize: number;
  /** Values of an embedding. */
  readonly embedding: number;
  private closing?: Promise<void>;
  private readonly working = new Set<Promise<unknown>>();

  /** @param answering is closed with the model */
  constructor(private readonly answering: Answering) {
    this.classes = answering.classNames;
    this.notes = answering.notes;
    this.embedding = answering.embedding;
    this.imageSize = answering.preprocessing.size;
  }

  /**
   * The classes that an image most probably shows, the best first; for a list, a list of these.
   * @throws DatasetError naming the first image that cannot be read
   *
   * @example const [best] = await model.predict('holiday.jpg'); // { label: 'dog', probability: 0.93, logit: 24.1 }
   */
  predict(image: ImageInput, options?: PredictOptions): Promise<Answer[]>;
  predict(images: readonly ImageInput[], options?: PredictOptions): Promise<Answer[][]>;
  async predict(given: ImageInput | readonly ImageInput[], options?: PredictOptions): Promise<Answer[] | Answer[][]> {
    const all: Answer[][] = [];
    for await (const outcome of this.predictEach(listOf(given), options)) {
      if ('error' in outcome) throw outcome.error;
      all.push([...outcome.answers]);
    }
    return isList(given) ? all : all[0]!;
  }

  /** Answers many images one after the other, as soon as they are known; one that cannot be read is told and does not end the rest. */
  async *predictEach(images: Iterable<ImageInput>, options: PredictOptions = {}): AsyncGenerator<ImageOutcome> {
    const given = [...images];
    let i = 0;
    for await (const outcome of this.examine(given.map(imageItem), {
      ...options,
      similarities: options.score === 'similarity',
    })) {
      const image = given[i++]!;
      if ('error' in outcome) yield { image, error: outcome.error };
      else yield { image, answers: answersOf(this.classes, outcome, options) };
    }
  }

  /**
   * Embeddings of images, of unit length; the cosine of two is their product.
   * @throws DatasetError naming the first image that cannot be read
   */
  async embedImages(
    images: readonly ImageInput[],
    options?: Pick<PredictOptions, 'batch' | 'signal'>,
  ): Promise<Float32Array[]> {
    const all: Float32Array[] = [];
    for await (const outcome of this.examine(images.map(imageItem), options)) {
      if ('error' in outcome) throw outcome.error;
      all.push(outcome.embedding);
    }
    return all;
  }

  /**
   * Embeddings of whole sentences, of unit length, comparable with those of images. No learned prompt is among their words.
   * @throws ConfigError where a sentence is too long, or the model has no text tower (as an exported file has not)
   */
  async embedTexts(texts: readonly string[]): Promise<Float32Array[]> {
    this.requireOpen();
    if (!this.answering.embedTexts) {
      throw new ConfigError('This file was exported without the text tower: it embeds no text.', {
        remedy: "Open the run's folder instead.",
      });
    }
    if (texts.length === 0) return [];
    const embedded = tf.tidy(() => {
      const raw = this.answering.embedTexts!(texts);
      return tf.div(raw, tf.norm(raw, 'euclidean', 1, true));
    });
    const values = (await this.during(embedded.data())) as Float32Array;
    embedded.dispose();
    const width = values.length / texts.length;
    return texts.map((_, i) => values.slice(i * width, (i + 1) * width));
  }

  /**
   * Where an image mattered for the class that the model sees in it.
   * @throws DatasetError where it cannot be read
   */
  async explain(image: ImageInput | ImageItem, { signal }: Pick<PredictOptions, 'signal'> = {}): Promise<Explanation> {
    this.requireOpen();
    const isInput = typeof image === 'string' || image instanceof URL || image instanceof Uint8Array;
    return this.during(explain(this.answering, isInput ? imageItem(image, 0) : image, signal));
  }

  /** What the model says about images of any source, with embeddings and all logits. */
  async *examine(items: readonly ImageItem[], options?: Examination): ReturnType<typeof examine> {
    this.requireOpen();
    let end: () => void = () => undefined;
    const work = this.during(new Promise<void>((resolve) => (end = resolve)));
    try {
      yield* examine(this.answering, items, options);
    } finally {
      end();
      await work;
    }
  }

  /** Frees its memory when what is being computed is done. May be called again. */
  close(): Promise<void> {
    this.closing ??= Promise.allSettled([...this.working]).then(() => this.answering.close());
    return this.closing;
  }

  private requireOpen(): void {
    if (!this.closing) return;
    throw new ConfigError('This model is closed.', { remedy: 'Open the run again, or close it later.' });
  }

  private async during<T>(work: Promise<T>): Promise<T> {
    this.working.add(work);
    try {
      return await work;
    } finally {
      this.working.delete(work);
    }
  }
}

function isList(given: ImageInput | readonly ImageInput[]): given is readonly ImageInput[] {
  return Array.isArray(given);
}

function listOf(given: ImageInput | readonly ImageInput[]): readonly ImageInput[] {
  return isList(given) ? given : [given];
}
