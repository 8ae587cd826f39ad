import {
  disposeVariables,
  nameTokens,
  variablesFrom,
  type Backbone,
  type LabelAligner,
  type LabelEmbeddings,
} from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';

/** One learned vector for each class, added to all token embeddings of its name. */
export class ShiftedLabels implements LabelAligner {
  /** [C, T]. */
  readonly variables: { readonly shift: tf.Variable };
  private readonly lengths: readonly number[];
  /** CLIP's embeddings of all names, [Σ lengths, T]. */
  private readonly names: tf.Tensor2D;
  /** The class of each of their rows. */
  private readonly classes: tf.Tensor1D;
  private readonly zero: tf.Tensor2D;

  /** @param learned shifts by class name; those of other names are 0 */
  constructor(
    private readonly backbone: Backbone,
    readonly classNames: readonly string[],
    private readonly maxTokens?: number,
    learned: ReadonlyMap<string, Float32Array> = new Map(),
  ) {
    const { width } = backbone.shape.text;
    const ids = nameTokens(backbone.tokenizer, classNames, maxTokens);
    this.lengths = ids.map((name) => name.length);
    this.names = tf.keep(backbone.embedTokens(ids.flat()));
    this.classes = tf.keep(
      tf.tensor1d(
        ids.flatMap((name, c) => name.map(() => c)),
        'int32',
      ),
    );
    this.zero = tf.keep(tf.zeros([classNames.length, width]));
    const start = new Float32Array(classNames.length * width);
    classNames.forEach((name, c) => start.set(learned.get(name) ?? [], c * width));
    this.variables = variablesFrom({ shift: tf.tensor2d(start, [classNames.length, width]) });
  }

  labels(): LabelEmbeddings {
    const names = tf.tidy(() => tf.add(this.names, tf.gather(this.variables.shift, this.classes)) as tf.Tensor2D);
    return { names, lengths: this.lengths };
  }

  anchors(): LabelEmbeddings {
    return { names: tf.clone(this.names), lengths: this.lengths };
  }

  trained(): { current: tf.Tensor; original: tf.Tensor } {
    return { current: this.variables.shift, original: this.zero };
  }

  withClasses(classNames: readonly string[]): ShiftedLabels {
    const values = this.variables.shift.dataSync() as Float32Array;
    const width = values.length / this.classNames.length;
    const learned = new Map(this.classNames.map((name, c) => [name, values.slice(c * width, (c + 1) * width)]));
    return new ShiftedLabels(this.backbone, classNames, this.maxTokens, learned);
  }

  dispose(): void {
    disposeVariables(this.variables);
    tf.dispose([this.names, this.classes, this.zero]);
  }
}
