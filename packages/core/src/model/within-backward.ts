import * as tf from '@tensorflow/tfjs-core';

/**
 * Gradients in the middle of another backward pass; 0 for an input that has no part in the output. TensorFlow.js has one tape: a gradient
 * within a gradient would throw away the outer one's, which is therefore put aside.
 */
export function gradientsWithinBackward(
  compute: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  dy: tf.Tensor,
): tf.Tensor[] {
  const engine = tf.engine();
  const { state } = engine;
  const outer = state.activeTape;
  try {
    return tf.tidy(() => {
      // An input that is there twice counts twice.
      const given = inputs.map((input, i) => (inputs.indexOf(input) < i ? tf.clone(input) : input));
      const { grads } = engine.gradients(() => compute(...given), given, dy, true);
      return grads.map((gradient, i) => (gradient as tf.Tensor | null) ?? tf.zerosLike(given[i]!));
    });
  } finally {
    state.activeTape = outer;
  }
}
