import {
  cosineLogits,
  disposeVariables,
  linear,
  normalise,
  variablesFrom,
  type Head,
  type HeadInput,
  type NamedVariables,
  type PartContext,
} from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';

/** Logits are the scaled cosine of texts and f + αWf, f being the normalised image features and W a learned map, 0 at the start. */
export class LinearMapHead implements Head {
  readonly variables: NamedVariables;

  /** @param own false for a head that shares the map of another one */
  constructor(
    readonly classNames: readonly string[],
    private readonly map: tf.Variable,
    private readonly alpha: number,
    own: boolean,
  ) {
    this.variables = own ? { map } : {};
  }

  static create({ backbone, classNames }: PartContext, alpha: number): LinearMapHead {
    const { embedding } = backbone.shape;
    const { map } = variablesFrom({ map: tf.zeros([embedding, embedding]) });
    return new LinearMapHead(classNames, map, alpha, true);
  }

  logits({ images, texts, logitScale }: HeadInput): tf.Tensor2D {
    const change = linear(images, this.map as tf.Variable<tf.Rank.R2>); // [B, E]
    const mapped = normalise(tf.add(images, tf.mul(change, this.alpha)) as tf.Tensor2D);
    return cosineLogits(mapped, texts, logitScale); // [B, C]
  }

  withClasses(classNames: readonly string[]): LinearMapHead {
    return new LinearMapHead(classNames, this.map, this.alpha, false);
  }

  dispose(): void {
    disposeVariables(this.variables);
  }
}
