import * as tf from '@tensorflow/tfjs-core';

/** Side of the square matrices. */
const SIDE = 1024;

/**
 * Floating point operations a second of large matrix products on this machine and backend, one after the other for so many seconds.
 * A rate over some time, as a training step has: the best of a few milliseconds is more than a shared machine keeps up.
 */
export function measureMatmulRate(seconds = 0.5): number {
  const a = tf.randomNormal([SIDE, SIDE]) as tf.Tensor2D;
  const product = (): void => {
    const result = tf.matMul(a, a);
    tf.tidy(() => void tf.slice(result, [0, 0], [1, 1]).dataSync()); // waits for the whole product
    result.dispose();
  };
  product();
  const begun = performance.now();
  let products = 0;
  let passed = 0;
  for (; passed < seconds; passed = (performance.now() - begun) / 1000) {
    product();
    products++;
  }
  a.dispose();
  return (products * 2 * SIDE ** 3) / passed;
}
