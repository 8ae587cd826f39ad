import * as tf from '@tensorflow/tfjs-core';
import { layerNorm, linearOf, linearStart, softmax, type NamedTensors } from '@promptweave/core';

/** Start values of one generator's layers under the authors' names. V is the vision width, T the text width. */
export function generatorStart(name: string, textWidth: number, visionWidth: number, withMlp: boolean, seed: number) {
  const hidden = Math.floor(visionWidth / 4);
  return {
    ...linearStart(`${name}.fc`, textWidth, visionWidth, seed),
    ...(withMlp && {
      [`${name}.ln.weight`]: tf.ones([visionWidth]),
      [`${name}.ln.bias`]: tf.zeros([visionWidth]),
      ...linearStart(`${name}.mlp.0`, visionWidth, hidden, seed),
      ...linearStart(`${name}.mlp.2`, hidden, visionWidth, seed),
    }),
  };
}

/**
 * G(v, t): the next vision prompt from the previous prompts of both branches.
 * k = fc(t); a = softmax(v kᵀ / √V) k; G = W₂ ReLU(W₁ LayerNorm(a) + b₁) + b₂, or G = a without the MLP.
 *
 * @param vision previous vision prompt v, [n, V]
 * @param text previous text prompt t, [n, T]
 * @returns [n, V]
 */
export function generate(
  tensors: NamedTensors,
  name: string,
  vision: tf.Tensor2D,
  text: tf.Tensor2D,
  withMlp: boolean,
): tf.Tensor2D {
  const keys = linearOf(tensors, `${name}.fc`, text); // [n, V]
  const scores: tf.Tensor2D = tf.div(tf.matMul(vision, keys, false, true), Math.sqrt(vision.shape[1])); // [n, n]
  const attended: tf.Tensor2D = tf.matMul(softmax(scores), keys); // [n, V]
  if (!withMlp) return attended;
  const weight = tensors[`${name}.ln.weight`] as tf.Tensor1D;
  const bias = tensors[`${name}.ln.bias`] as tf.Tensor1D;
  const hidden: tf.Tensor2D = tf.relu(linearOf(tensors, `${name}.mlp.0`, layerNorm(attended, weight, bias))); // [n, V / 4]
  return linearOf(tensors, `${name}.mlp.2`, hidden);
}
