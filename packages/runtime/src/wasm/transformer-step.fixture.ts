import * as tf from '@tensorflow/tfjs-core';

/**
 * The operations of prompt learning on a small scale: a token table, learned prompts, a causal pre-LN block with QuickGELU and with
 * exact GELU, normalised features, cross-entropy. Returns the loss and its gradients, in a fixed order.
 */
export function transformerStep(): tf.Tensor[] {
  const [classes, tokens, width, heads, images] = [3, 5, 16, 2, 4];
  const random = (shape: number[], seed: number): tf.Tensor => tf.randomUniform(shape, -0.5, 0.5, 'float32', seed);
  const [context, table, qkv, out, up, down] = [
    random([2, width], 1),
    random([11, width], 2),
    random([width, 3 * width], 3),
    random([width, width], 4),
    random([width, 4 * width], 5),
    random([4 * width, width], 6),
  ];
  const [scale, shift, positions] = [random([width], 7), random([width], 8), random([1, tokens, width], 9)];
  const imageFeatures = random([images, width], 10);
  const labels = tf.oneHot(tf.tensor1d([0, 2, 1, 2], 'int32'), classes);
  const ids = tf.tensor1d([1, 4, 4, 1, 9, 4, 1, 2, 4], 'int32'); // three per class

  const layerNorm = (x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor): tf.Tensor => {
    const { mean, variance } = tf.moments(x, -1, true);
    return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), gain), bias);
  };
  const linear = (x: tf.Tensor, weights: tf.Tensor): tf.Tensor => {
    const rows = tf.matMul(tf.reshape(x, [-1, x.shape.at(-1) as number]), weights);
    return tf.reshape(rows, [...x.shape.slice(0, -1), weights.shape[1] as number]);
  };
  const splitHeads = (x: tf.Tensor): tf.Tensor =>
    tf.transpose(tf.reshape(x, [classes, tokens, heads, width / heads]), [0, 2, 1, 3]);
  const quickGelu = (x: tf.Tensor): tf.Tensor => tf.mul(x, tf.sigmoid(tf.mul(1.702, x)));
  const gelu = (x: tf.Tensor): tf.Tensor => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));
  const normalise = (x: tf.Tensor): tf.Tensor => tf.div(x, tf.sqrt(tf.sum(tf.square(x), -1, true)));
  const mask = tf.linalg.bandPart(tf.ones([tokens, tokens]), -1, 0) as tf.Tensor;

  const loss = (
    context: tf.Tensor,
    table: tf.Tensor,
    qkv: tf.Tensor,
    out: tf.Tensor,
    up: tf.Tensor,
    down: tf.Tensor,
    gain: tf.Tensor,
    bias: tf.Tensor,
  ): tf.Scalar => {
    const names = tf.reshape(tf.gather(table, ids), [classes, 3, width]);
    const prompts = tf.tile(tf.expandDims(context, 0), [classes, 1, 1]);
    let x = tf.add(tf.concat([prompts, names], 1), positions); // [classes, tokens, width]
    const [q, k, v] = tf.split(linear(layerNorm(x, gain, bias), qkv), 3, -1).map(splitHeads) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), (width / heads) ** -0.5), tf.mul(tf.sub(mask, 1), 1e9));
    const attended = tf.reshape(tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]), [classes, tokens, width]);
    x = tf.add(x, linear(attended, out));
    x = tf.add(x, linear(tf.add(quickGelu(linear(layerNorm(x, gain, bias), up)), gelu(linear(x, up))), down));
    const last = tf.reshape(tf.slice(x, [0, tokens - 1, 0], [classes, 1, width]), [classes, width]);
    const shallow = tf.pad(tf.mean(tf.slice(x, [0, 0, 0], [classes, 2, width]), 1), [
      [0, 0],
      [0, 0],
    ]);
    const features = normalise(tf.add(last, tf.relu(shallow)));
    const logits = tf.mul(10, tf.matMul(normalise(imageFeatures), features, false, true));
    const crossEntropy = tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), -1)));
    const distance = tf.mean(tf.squaredDifference(tf.stack(tf.unstack(features)), tf.maximum(features, 0.1)));
    return tf.add(crossEntropy, distance) as tf.Scalar;
  };
  const inputs = [context, table, qkv, out, up, down, scale, shift] as tf.Tensor[];
  const { value, grads } = tf.valueAndGrads(loss as (...args: tf.Tensor[]) => tf.Scalar)(inputs);
  return [value, ...grads];
}
