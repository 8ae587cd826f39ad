import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, type LabelAligner, type LabelEmbeddings, type NamedVariables } from '@promptweave/core';

/**
 * Labels that were learned at different times, side by side: each name is embedded as by the last of the parts that knows it. It learns
 * nothing more.
 */
export class JoinedLabels implements LabelAligner {
  readonly variables: NamedVariables = {};
  readonly classNames: readonly string[];
  /** Neighbouring names of one part, made for exactly these names. */
  private readonly runs: readonly LabelAligner[];

  /** @param parts stay the caller's */
  constructor(
    private readonly parts: readonly LabelAligner[],
    classNames: readonly string[] = parts.flatMap((part) => part.classNames),
  ) {
    if (parts.length === 0) throw new ConfigError('There are no labels to join.');
    this.classNames = classNames;
    const owner = (name: string): LabelAligner => parts.findLast((part) => part.classNames.includes(name)) ?? parts[0]!;
    const runs: { readonly part: LabelAligner; readonly names: string[] }[] = [];
    for (const name of classNames) {
      const part = owner(name);
      if (runs.at(-1)?.part === part) runs.at(-1)!.names.push(name);
      else runs.push({ part, names: [name] });
    }
    this.runs = runs.map(({ part, names }) => part.withClasses(names));
  }

  labels(): LabelEmbeddings {
    return join(this.runs.map((run) => run.labels()));
  }

  anchors(): LabelEmbeddings {
    return join(this.runs.map((run) => run.anchors()));
  }

  withClasses(classNames: readonly string[]): JoinedLabels {
    return new JoinedLabels(this.parts, classNames);
  }

  dispose(): void {
    for (const run of this.runs) run.dispose();
  }
}

/** The embeddings of all runs one after the other; the single ones are freed. */
function join(runs: readonly LabelEmbeddings[]): LabelEmbeddings {
  const afterContext = runs.flatMap((run) => run.afterContext ?? []);
  const joined = {
    names: tf.concat(runs.map(({ names }) => names)), // [Σ lengths, T]
    lengths: runs.flatMap(({ lengths }) => lengths),
    ...(afterContext.length > 0 && { afterContext: tf.concat(afterContext) }), // [C, m, T]
  };
  tf.dispose([...runs.map(({ names }) => names), ...afterContext]);
  return joined;
}
