import * as tf from '@tensorflow/tfjs-core';
import { demand } from './conformance-error.js';

/** Number of tensors that `work` leaves behind (negative where it frees more than it makes). */
export function tensorsLeftBy(work: () => void): number {
  const before = tf.memory().numTensors;
  work();
  return tf.memory().numTensors - before;
}

/** @throws ConformanceError where tensors are left behind. */
export function demandNoneLeft(what: string, work: () => void): void {
  const left = tensorsLeftBy(work);
  demand(left === 0, `${what} leaves ${left} tensors behind.`);
}
