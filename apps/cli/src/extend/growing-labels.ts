import type { LabelAligner, LabelEmbeddings, NamedVariables } from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';

/** Labels of some classes that stay exactly as they are, and of others behind them that are learned. */
export class GrowingLabels implements LabelAligner {
  readonly variables: NamedVariables;
  readonly classNames: readonly string[];

  /**
   * @param old stays the caller's
   * @param fresh of the same kind, and owned
   */
  constructor(
    private readonly old: LabelAligner,
    private readonly fresh: LabelAligner,
  ) {
    this.variables = fresh.variables;
    this.classNames = [...old.classNames, ...fresh.classNames];
  }

  labels(): LabelEmbeddings {
    return joined(() => [this.old.labels(), this.fresh.labels()]);
  }

  anchors(): LabelEmbeddings {
    return joined(() => [this.old.anchors(), this.fresh.anchors()]);
  }

  /** Those of the new classes alone: nothing else moves. */
  trained(): { readonly current: tf.Tensor; readonly original: tf.Tensor } {
    const { current, original } = this.fresh.trained?.() ?? {};
    if (current && original) return { current, original };
    throw new Error('These labels learn nothing.'); // no loss asks labels that do not learn
  }

  withClasses(classNames: readonly string[]): LabelAligner {
    const whole = this.whole();
    try {
      return whole.withClasses(classNames);
    } finally {
      whole.dispose();
    }
  }

  /** One aligner of the kind of both, with the values of both. */
  whole(): LabelAligner {
    const whole = this.old.withClasses(this.classNames);
    for (const [name, variable] of Object.entries(whole.variables)) {
      tf.tidy(() => variable.assign(tf.concat([this.old.variables[name]!, this.fresh.variables[name]!], 0)));
    }
    return whole;
  }

  dispose(): void {
    this.fresh.dispose();
  }
}

function joined(parts: () => readonly LabelEmbeddings[]): LabelEmbeddings {
  let lengths: number[] = [];
  const tensors = tf.tidy(() => {
    const both = parts();
    lengths = both.flatMap((part) => part.lengths);
    const after = both.flatMap((part) => part.afterContext ?? []);
    return {
      names: tf.concat(both.map((part) => part.names)), // [Σ lengths, T]
      ...(after.length > 0 && { afterContext: tf.concat(after) }), // [C, m, T]
    };
  });
  return { ...tensors, lengths };
}
