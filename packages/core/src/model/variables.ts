import * as tf from '@tensorflow/tfjs-core';
import type { NamedVariables } from '../contracts/variables.js';

/** Trainable variables from start values, which are consumed. */
export function variablesFrom<Names extends string>(start: Record<Names, tf.Tensor>): Record<Names, tf.Variable> {
  const variables = {} as Record<Names, tf.Variable>;
  for (const name of Object.keys(start) as Names[]) {
    variables[name] = tf.variable(start[name]);
    start[name].dispose();
  }
  return variables;
}

/** Frees variables. */
export function disposeVariables(variables: NamedVariables): void {
  for (const variable of Object.values(variables)) variable.dispose();
}
