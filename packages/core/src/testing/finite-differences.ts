import * as tf from '@tensorflow/tfjs-core';
import type { Variable } from '@tensorflow/tfjs-core';
import type { Batch } from '../contracts/step.js';
import type { Classifier } from '../model/classifier.js';
import { seededNormal } from '../model/maths.js';
import { sizeOfValues } from './compose.js';
import { demand } from './conformance-error.js';

/** Steps to try, in units of the variable's own size: too long a step bends, too short a one drowns in rounding. */
const STEPS = [0.1, 0.03, 0.01, 0.003, 0.3, 0.001];
/** Allowed difference, relative to the derivative or to what a random direction sees of the gradient on average. */
const TOLERANCE = 0.02;

/**
 * Compares the gradient with respect to every variable along seeded random directions with central differences of the loss
 * (with Richardson's extrapolation), which do not use automatic differentiation.
 *
 * @param skip variables to leave out
 * @returns the names of the variables that were compared
 * @throws ConformanceError naming the variable, the gradient's and the differences' value
 */
export function checkGradients(
  classifier: Classifier,
  batch: Batch,
  { seed = 3, directions = 1, skip = () => false }: GradientCheckOptions = {},
): string[] {
  const { gradients } = classifier.gradients(batch);
  const compared = Object.entries(classifier.variables).filter(([name]) => !skip(name));
  for (const [name, variable] of compared) {
    for (let k = 0; k < directions; k++) checkDirection(classifier, batch, name, variable, gradients[name], seed + k);
  }
  tf.dispose(Object.values(gradients));
  return compared.map(([name]) => name);
}

/** How {@link checkGradients} looks. */
export interface GradientCheckOptions {
  /** Of the directions. Default 3. */
  readonly seed?: number;
  /** Random directions for each variable. Default 1. */
  readonly directions?: number;
  /** True for variables that are left out, by name. Default: none. */
  skip?(variable: string): boolean;
}

function checkDirection(
  classifier: Classifier,
  batch: Batch,
  name: string,
  variable: Variable,
  gradient: tf.Tensor | undefined,
  seed: number,
): void {
  const start = tf.clone(variable);
  const direction = tf.tidy(() => {
    const random = seededNormal(variable.shape, 1, seed, `direction ${name}`);
    return tf.div(random, tf.norm(random)); // unit length
  });
  const product = (x: tf.Tensor) => tf.tidy(() => tf.sum(tf.mul(x, direction)).dataSync()[0]!);
  const expected = gradient ? product(gradient) : 0;
  const typical = gradient ? sizeOfValues(gradient) : 0; // |g| / √N
  const lossAt = (distance: number): number => {
    tf.tidy(() => variable.assign(tf.add(start, tf.mul(direction, distance))));
    return totalLoss(classifier, batch);
  };
  const size = Math.max(sizeOfValues(start), 0.02) * Math.sqrt(variable.size);
  const difference = (h: number): number => (lossAt(h) - lossAt(-h)) / (2 * h);
  const found: number[] = [];
  for (const step of STEPS) {
    const h = step * size;
    const derivative = (4 * difference(h / 2) - difference(h)) / 3;
    found.push(derivative);
    if (Math.abs(derivative - expected) <= TOLERANCE * Math.max(Math.abs(derivative), typical)) break;
  }
  variable.assign(start);
  tf.dispose([start, direction]);
  const last = found.at(-1)!;
  demand(
    Math.abs(last - expected) <= TOLERANCE * Math.max(Math.abs(last), typical),
    `The gradient of "${name}" along a random direction is ${expected}, but finite differences of the loss give ${found.join(', ')}.`,
  );
}

/** The weighted sum of all loss terms. */
export function totalLoss(classifier: Classifier, batch: Batch): number {
  return tf.tidy(() => {
    const step = classifier.step(batch);
    const { losses, head } = classifier.parts;
    let total = 0;
    for (const { loss, weight } of losses) {
      for (const term of loss.terms(step)) total += weight * term.weight * term.value.dataSync()[0]!;
    }
    for (const term of head.terms?.(step) ?? []) total += term.weight * term.value.dataSync()[0]!;
    return total;
  });
}
