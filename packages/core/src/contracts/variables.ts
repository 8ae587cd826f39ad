import type { Variable } from '@tensorflow/tfjs-core';

/** Learned tensors by name. Where the authors released code, the names and layouts are those of their state dictionary. */
export type NamedVariables = Readonly<Record<string, Variable>>;

/** What a part learned. */
export interface LearnedValues {
  /** What the optimiser moves. */
  readonly variables: NamedVariables;
  /** What belongs to the learned values and is not moved by the optimiser: saved, loaded and resumed with them. */
  readonly fitted?: NamedVariables;
}
