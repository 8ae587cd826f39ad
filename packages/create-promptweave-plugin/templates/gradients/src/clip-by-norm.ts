import type { GradientRule } from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';

/** Clipping by norm (arXiv 1211.5063, algorithm 1): gradients that are longer than `maxNorm` are shortened to it. */
export function clipByNorm(maxNorm: number): GradientRule {
  return {
    isAside: () => false, // all loss terms are in the total
    combine: (total) => {
      const norm = tf.norm(total);
      return tf.mul(total, tf.div(maxNorm, tf.maximum(norm, maxNorm)));
    },
  };
}
