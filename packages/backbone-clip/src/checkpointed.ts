import * as tf from '@tensorflow/tfjs-core';
import { gradientsWithinBackward, withoutTape } from '@promptweave/core';

/**
 * A function of which only the inputs and the output stay in memory: the backward pass computes it again and takes its gradient
 * there (gradient checkpointing, arXiv 1604.06174). Same values and gradients as the function itself.
 *
 * @param compute the same output for the same inputs
 * @param constants further arguments, through which no gradient flows
 */
export function checkpointed(
  compute: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  constants: readonly tf.Tensor[] = [],
): tf.Tensor {
  if (inputs.length === 0) return withoutTape(() => tf.tidy(() => compute(...constants)));
  const run = tf.customGrad((...given) => {
    const save = given.pop() as tf.GradSaveFunc;
    const tensors = given as tf.Tensor[];
    save([...tensors, ...constants]);
    return {
      value: compute(...tensors, ...constants), // customGrad records nothing of what is within
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const fixed = saved.slice(tensors.length);
        return gradientsWithinBackward((...again) => compute(...again, ...fixed), saved.slice(0, tensors.length), dy);
      },
    };
  });
  return run(...inputs);
}
