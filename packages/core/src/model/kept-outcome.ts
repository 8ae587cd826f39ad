import * as tf from '@tensorflow/tfjs-core';

/** `tf.tidy` for an outcome of any type, whose tensors are kept (`keepCopy`). */
export function keptOutcome<T>(compute: () => T): T {
  let outcome: T;
  tf.tidy(() => {
    outcome = compute();
  });
  return outcome!;
}
