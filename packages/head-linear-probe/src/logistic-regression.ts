import * as tf from '@tensorflow/tfjs-core';
import { oneHotRows } from '@promptweave/core';
import { lbfgs, type LbfgsSettings, type Objective } from './lbfgs.js';

/** A linear classifier: weight [C, E] and bias [C], row-major. */
export interface LinearClassifier {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/**
 * Multinomial logistic regression, the minimum of mean cross-entropy + |W|² / (2 · C · K): scikit-learn's with `solver: lbfgs`, whose C weighs the
 * sum over the K rows. The bias is not regularised.
 *
 * @param rows [K, E]
 */
export function fitLogistic(
  rows: tf.Tensor2D,
  labels: Int32Array,
  classes: number,
  { C, ...settings }: LbfgsSettings & { readonly C: number },
): LinearClassifier {
  const [count, width] = rows.shape;
  const size = classes * width;
  const oneHot = tf.tidy(() => tf.keep(oneHotRows(tf.tensor1d(labels, 'int32'), classes)));
  const decay = 1 / (C * count);
  const objective: Objective = (point) => {
    const [loss, ofWeight, ofBias] = tf.tidy(() => {
      const weight = tf.tensor2d(Float32Array.from(point.subarray(0, size)), [classes, width]);
      const bias = tf.tensor1d(Float32Array.from(point.subarray(size)));
      const logits = tf.add(tf.matMul(rows, weight, false, true), bias); // [K, C]
      const logProbabilities = tf.logSoftmax(logits);
      const rest = tf.div(tf.sub(tf.exp(logProbabilities), oneHot), count); // [K, C]
      const value = tf.neg(tf.sum(tf.mul(logProbabilities, oneHot)));
      return [value.dataSync()[0]! / count, tf.matMul(rest, rows, true, false).dataSync(), tf.sum(rest, 0).dataSync()];
    }) as never as [number, Float32Array, Float32Array];
    const gradient = new Float64Array(point.length);
    let squares = 0;
    for (let i = 0; i < size; i++) {
      squares += point[i]! ** 2;
      gradient[i] = ofWeight[i]! + decay * point[i]!;
    }
    gradient.set(ofBias, size);
    return { value: loss + (decay * squares) / 2, gradient };
  };
  const found = lbfgs(objective, new Float64Array(size + classes), settings);
  oneHot.dispose();
  return { weight: Float32Array.from(found.subarray(0, size)), bias: Float32Array.from(found.subarray(size)) };
}

/** The coarse list of the search. */
const COARSE = [1e6, 1e4, 1e2, 1, 1e-2, 1e-4, 1e-6];

/**
 * The C with the best accuracy as CoOp's authors search it: the best of a coarse list (the first one of equals), then the interval from a
 * tenth to ten times of it is halved on its logarithm, towards the better end, the lower one of equals.
 *
 * @param accuracy of a C
 * @returns the better end of the last interval
 */
export function searchC(accuracy: (C: number) => number, steps: number): number {
  const known = new Map<number, number>();
  const of = (C: number): number => {
    if (!known.has(C)) known.set(C, accuracy(C));
    return known.get(C)!;
  };
  const scores = COARSE.map(of);
  let best = COARSE[scores.indexOf(Math.max(...scores))]!;
  let [left, right] = [Math.log10(best) - 1, Math.log10(best) + 1];
  for (let step = 0; step < steps; step++) {
    const rightWins = of(10 ** left) < of(10 ** right);
    best = 10 ** (rightWins ? right : left);
    const middle = (left + right) / 2;
    [left, right] = rightWins ? [middle, right] : [left, middle];
  }
  return best;
}
