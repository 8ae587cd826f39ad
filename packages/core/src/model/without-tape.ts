import * as tf from '@tensorflow/tfjs-core';

/** What is computed within is a constant for whatever gradient is being taken. */
export function withoutTape<T>(compute: () => T): T {
  const { state } = tf.engine();
  state.kernelDepth++; // as within an operation, whose parts are not recorded
  try {
    return compute();
  } finally {
    state.kernelDepth--;
  }
}
