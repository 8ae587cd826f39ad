import * as tf from '@tensorflow/tfjs-core';

/**
 * A function of which only the inputs and the output stay in memory: the backward pass computes it again and takes its gradient
 * there (gradient checkpointing, arXiv 1604.06174). Same values and gradients as the function itself.
 *
 * @param compute the same output for the same inputs; every input must have a part in it
 */
export function checkpointed(compute: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: readonly tf.Tensor[]): tf.Tensor {
  const run = tf.customGrad((...given) => {
    const save = given.pop() as tf.GradSaveFunc;
    const tensors = given as tf.Tensor[];
    save(tensors);
    return {
      value: compute(...tensors), // customGrad records nothing of what is within
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradientsWithinBackward(compute, saved, dy),
    };
  });
  return run(...inputs);
}

/**
 * Gradients in the middle of another backward pass. TensorFlow.js has one tape: a gradient within a gradient would throw away the
 * outer one's, which is therefore put aside.
 */
function gradientsWithinBackward(
  compute: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  dy: tf.Tensor,
): tf.Tensor[] {
  const { state } = tf.engine();
  const outer = state.activeTape;
  try {
    return tf.tidy(() => tf.grads(compute)(inputs, dy));
  } finally {
    state.activeTape = outer;
  }
}
