import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs one of the fused operations that `@promptweave/runtime` brings for TensorFlow on the CPU (its `native/fused/`): a pass over memory
 * where composed operations take several.
 *
 * @param name without the prefix `Promptweave`
 * @returns its outputs; nothing where the backend has no such operation, and the caller composes it
 */
export function fused<Outputs extends tf.Tensor[]>(
  name: string,
  inputs: readonly tf.Tensor[],
  attributes: tf.NamedAttrMap = {},
): Outputs | undefined {
  if (!hasFused(name)) return undefined;
  const map = inputs as unknown as tf.NamedTensorMap;
  return tf.engine().runKernel(`Promptweave${name}`, map, attributes) as unknown as Outputs;
}

/** Whether the backend has the operation. */
export function hasFused(name: string): boolean {
  return tf.getKernel(`Promptweave${name}`, tf.getBackend()) !== undefined;
}
