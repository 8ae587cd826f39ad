import type { Branch } from '@promptweave/core';
import { keptOutcome } from '@promptweave/core/experiment';
import * as tf from '@tensorflow/tfjs-core';

/** W [out, in] and b [out] of x · Wᵀ + b. */
export interface BranchMatrix {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Random rows on which a branch is compared with its matrix, and the share of the largest value by which they may differ. */
const TRIALS = 8;
const TOLERANCE = 1e-5;

/** The matrix of a branch that is one, as LoRA's are; undefined where it is not. */
export function branchMatrix(branch: Branch, width: number): BranchMatrix | undefined {
  return keptOutcome(() => {
    const apply = (rows: tf.Tensor2D): tf.Tensor2D => branch.apply(rows, branch.variables, rowNumbers(rows.shape[0]));
    const bias = apply(tf.zeros([1, width]));
    const weight: tf.Tensor2D = tf.sub(apply(tf.eye(width)), bias); // [in, out]
    const rows = tf.randomNormal<tf.Rank.R2>([TRIALS, width], 0, 1, 'float32', 1);
    const expected = apply(rows);
    const difference = tf.max(tf.abs(tf.sub(tf.add(tf.matMul(rows, weight), bias), expected))).dataSync()[0]!;
    const largest = tf.max(tf.abs(expected)).dataSync()[0]!;
    if (!(difference <= TOLERANCE * largest)) return undefined;
    return { weight: tf.transpose(weight).dataSync<'float32'>(), bias: bias.dataSync<'float32'>() };
  });
}

/** Numbers of the first rows. */
export function rowNumbers(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}
