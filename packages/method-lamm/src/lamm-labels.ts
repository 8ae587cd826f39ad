import * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  ConfigError,
  differentiableProgram,
  disposeVariables,
  nameTokens,
  variablesFrom,
  type Backbone,
  type LabelAligner,
  type LabelEmbeddings,
  type NamedTensors,
} from '@promptweave/core';
import type { lammOptions } from './options.js';

/** What one aligner hands to the next for other classes. */
interface Learned {
  /** Trained tokens per class, m. */
  readonly tokens: number;
  /** Trained embeddings by class name, [m, T] row-major. */
  readonly byName: ReadonlyMap<string, Float32Array>;
}

/**
 * LAMM (arXiv 2312.08212, section 3.2): the embeddings of each class name's first m tokens are parameters, started from
 * CLIP's own. A name with fewer than m tokens (only with `tokens: all`, or among classes that came later) trains those it has.
 */
export class LammLabels implements LabelAligner {
  readonly variables: { readonly token_classes: tf.Variable };
  private readonly lengths: readonly number[];
  private readonly trainedTokens: number;
  /** CLIP's embeddings of all names, [Σ lengths, T]. */
  private readonly names: tf.Tensor2D;
  /** CLIP's embeddings of the trained tokens, [C, m, T]; 0 where a name has none. */
  private readonly original: tf.Tensor3D;
  /** For every row of the names, its row in [names; trained tokens]. */
  private readonly rows: readonly number[];

  constructor(
    private readonly backbone: Backbone,
    readonly classNames: readonly string[],
    private readonly options: z.output<typeof lammOptions>,
    learned?: Learned,
  ) {
    if (options.slot === 'released' && options.tokens === 'all') {
      throw new ConfigError(
        'The slot "released" replaces a fixed number of positions, so it cannot hold all tokens of every name.',
        {
          where: 'labels.tokens',
          remedy: 'Set labels.tokens to "first" or "shortest", or labels.slot to "name".',
        },
      );
    }
    const ids = nameTokens(backbone.tokenizer, classNames, options.maxTokens);
    this.lengths = ids.map((name) => name.length);
    const count = { first: 1, shortest: Math.min(...this.lengths), all: Math.max(...this.lengths) };
    const m = learned?.tokens ?? count[options.tokens];
    this.trainedTokens = m;
    this.names = tf.keep(backbone.embedTokens(ids.flat()));
    const width = this.names.shape[1];

    const firstTrained = this.names.shape[0];
    const rows: number[] = [];
    const originalRows: number[] = [];
    this.lengths.forEach((length, c) => {
      const firstName = rows.length;
      for (let i = 0; i < length; i++) rows.push(i < m ? firstTrained + c * m + i : firstName + i);
      for (let i = 0; i < m; i++) originalRows.push(i < length ? firstName + i : firstTrained);
    });
    this.rows = rows;
    this.original = tf.tidy(() => {
      const withZero = tf.concat([this.names, tf.zeros([1, width])], 0);
      const gathered = tf.gather(withZero, tf.tensor1d(originalRows, 'int32'));
      return tf.keep(tf.reshape(gathered, [classNames.length, m, width]));
    });
    this.variables = variablesFrom({ token_classes: startFrom(this.original, classNames, learned) });
  }

  labels(): LabelEmbeddings {
    const trained = this.variables.token_classes as tf.Tensor as tf.Tensor3D;
    if (this.options.slot === 'released') {
      return { names: tf.clone(this.names), lengths: this.lengths, afterContext: tf.clone(trained) };
    }
    const place = (given: NamedTensors): [tf.Tensor2D] => {
      const flat = tf.reshape(given.trained!, [this.classNames.length * this.trainedTokens, trained.shape[2]]);
      return [tf.gather(tf.concat([given.names!, flat], 0) as tf.Tensor2D, tf.tensor1d([...this.rows], 'int32'))];
    };
    const key = `lamm names ${this.rows}`;
    const [names] = differentiableProgram(key, { trained }, place, { names: this.names }); // [Σ lengths, T]
    return { names, lengths: this.lengths };
  }

  anchors(): LabelEmbeddings {
    return { names: tf.clone(this.names), lengths: this.lengths };
  }

  trained(): { current: tf.Tensor; original: tf.Tensor } {
    return { current: this.variables.token_classes, original: this.original };
  }

  withClasses(classNames: readonly string[]): LammLabels {
    const values = this.variables.token_classes.dataSync() as Float32Array;
    const size = values.length / this.classNames.length;
    const byName = new Map(this.classNames.map((name, c) => [name, values.slice(c * size, (c + 1) * size)]));
    return new LammLabels(this.backbone, classNames, this.options, { tokens: this.trainedTokens, byName });
  }

  dispose(): void {
    disposeVariables(this.variables);
    tf.dispose([this.names, this.original]);
  }
}

/** Start values [C, m, T]: what was learned for a name, else CLIP's own embeddings. */
function startFrom(original: tf.Tensor3D, classNames: readonly string[], learned?: Learned): tf.Tensor3D {
  if (!learned) return tf.clone(original);
  const values = (original.dataSync() as Float32Array).slice();
  const size = values.length / classNames.length;
  classNames.forEach((name, c) => {
    const known = learned.byName.get(name);
    if (known) values.set(known, c * size);
  });
  return tf.tensor3d(values, original.shape);
}
