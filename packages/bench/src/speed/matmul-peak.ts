import * as tf from '@tensorflow/tfjs-core';

/** Side of the square matrices. */
const SIDE = 1024;

/** Floating point operations a second that a large product of matrices reaches on this machine and backend; the best of some runs. */
export function measureMatmulPeak(runs = 8): number {
  const a = tf.randomNormal([SIDE, SIDE]) as tf.Tensor2D;
  const product = (): number => {
    const begun = performance.now();
    const result = tf.matMul(a, a);
    tf.tidy(() => void tf.slice(result, [0, 0], [1, 1]).dataSync()); // waits for the whole product
    const seconds = (performance.now() - begun) / 1000;
    result.dispose();
    return seconds;
  };
  product();
  const best = Math.min(...Array.from({ length: runs }, product));
  a.dispose();
  return (2 * SIDE ** 3) / best;
}
