import * as tf from '@tensorflow/tfjs-core';
import type { NamedVariables } from '../contracts/variables.js';

/**
 * A value and its gradients; a variable that it does not depend on has none, where tf.variableGrads would throw if that is all of them. The caller
 * owns the tensors.
 */
export function gradientsOf(
  compute: () => tf.Scalar,
  variables: NamedVariables,
): { readonly value: tf.Scalar; readonly gradients: Readonly<Record<string, tf.Tensor>> } {
  const names = Object.keys(variables);
  const tensors = names.map((name) => variables[name]!);
  const { value, grads } = tf.engine().gradients(compute, tensors, undefined, true);
  const found = names.flatMap((name, i): [string, tf.Tensor][] => {
    const gradient = grads[i] as tf.Tensor | undefined;
    return gradient ? [[name, gradient]] : [];
  });
  return { value, gradients: Object.fromEntries(found) };
}
