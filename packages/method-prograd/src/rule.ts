import * as tf from '@tensorflow/tfjs-core';
import type { GradientRule } from '@promptweave/core';

/**
 * ProGrad (arXiv 2205.14865, eq. 4), for each variable: a − λ (a·b̂) b̂ where a·b < 0, else a; a is the gradient of the losses, b̂ the direction of
 * the teacher's. Where there is no b, there is no conflict.
 */
export function prograd(strength: number): GradientRule {
  return {
    isAside: (term) => term === 'prograd/teacher',
    combine: (a, b) => {
      if (!b) return a;
      const along = tf.sum(tf.mul(a, b));
      const conflict = tf.minimum(along, 0); // 0 where they agree
      const share = tf.divNoNan(tf.mul(conflict, strength), tf.sum(tf.square(b)));
      return tf.sub(a, tf.mul(share, b));
    },
  };
}
