import * as tf from '@tensorflow/tfjs-core';
import type { HeadInput } from '../contracts/head.js';
import type { PartContext } from '../contracts/parts.js';
import { keptOutcome } from './kept-outcome.js';
import { cosineLogits, keepCopy, normalise } from './maths.js';
import { hasTextBase, TextBase, type TextAverage, type TextBaseChoice } from './text-base.js';

/** The text that a head compares images with: that of the prompt, or sentences of its own (`textBaseOptions`). */
export class HeadTexts {
  /** Before normalisation and after it, [C, E]; absent where the prompt's is read. */
  private readonly own?: { readonly raw: tf.Tensor2D; readonly normalised: tf.Tensor2D };

  constructor(
    private readonly base: TextBase | undefined,
    classNames: readonly string[],
  ) {
    this.own =
      base &&
      keptOutcome(() => {
        const raw = keepCopy(base.features(classNames));
        return { raw, normalised: keepCopy(normalise(raw)) };
      });
  }

  /** @param average of several sentences, where the options do not say it */
  static of(context: PartContext, choice: TextBaseChoice, average: TextAverage): HeadTexts {
    const base = hasTextBase(choice) ? new TextBase(context, choice, average) : undefined;
    return new HeadTexts(base, context.classNames);
  }

  /** Before normalisation, [C, E]. */
  raw(input: Pick<HeadInput, 'rawTexts'>): tf.Tensor2D {
    return this.own?.raw ?? input.rawTexts;
  }

  /** Normalised, [C, E]. */
  normalised(input: Pick<HeadInput, 'texts'>): tf.Tensor2D {
    return this.own?.normalised ?? input.texts;
  }

  /** logitScale · cosine with the images, [B, C]. */
  cosineLogits(input: HeadInput): tf.Tensor2D {
    return this.own ? cosineLogits(input.images, this.own.normalised, input.logitScale) : input.cosineLogits;
  }

  /**
   * The texts of other classes, with features of their own: dispose both.
   * @throws ConfigError naming classes that have no description
   */
  withClasses(classNames: readonly string[]): HeadTexts {
    return new HeadTexts(this.base, classNames);
  }

  /** Frees the features of its own sentences; nothing where the prompt's are read. */
  dispose(): void {
    tf.dispose({ ...this.own });
  }
}
