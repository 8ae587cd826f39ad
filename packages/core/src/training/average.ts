import * as tf from '@tensorflow/tfjs-core';
import type { NamedVariables } from '../contracts/variables.js';
import type { AverageSettings } from './settings.js';

/** The weight of each of so many epochs. */
export function epochWeights(settings: AverageSettings, epochs: number): number[] {
  const numbers = Array.from({ length: epochs }, (_, i) => i + 1);
  if (settings.kind === 'exponential') {
    const { decay } = settings;
    return numbers.map((a) => (a === 1 ? 1 : 1 - decay) * decay ** (epochs - a));
  }
  if (settings.kind === 'uniform') {
    const first = Math.min(settings.from, epochs);
    return numbers.map((a) => (a < first ? 0 : 1 / (epochs - first + 1)));
  }
  const { mean, deviation } = settings;
  const exponents = numbers.map((a) => -((a - mean) ** 2) / (2 * deviation ** 2));
  const largest = Math.max(...exponents); // far from the mean all would be 0
  const relative = exponents.map((exponent) => Math.exp(exponent - largest));
  const sum = relative.reduce((total, weight) => total + weight, 0);
  return relative.map((weight) => weight / sum);
}

/** The weighted sum of the values after each epoch, in float32. */
export class EpochAverage {
  private readonly weights: readonly number[];
  private sums: Record<string, tf.Tensor> = {};

  constructor(settings: AverageSettings, epochs: number) {
    this.weights = epochWeights(settings, epochs);
  }

  /** @param epoch the one that has ended, from 0 */
  add(variables: NamedVariables, epoch: number): void {
    const weight = this.weights[epoch]!;
    for (const [name, variable] of Object.entries(variables)) {
      const before = this.sums[name];
      this.sums[name] = tf.tidy(() => {
        const share = tf.mul(variable, weight);
        return tf.keep(before ? tf.add(before, share) : share);
      });
      before?.dispose();
    }
  }

  /**
   * Gives the variables their averages. Where the training ended early, the weights of the epochs that there were sum to 1; where these have none
   * (a mean that begins later), the variables stay as they are.
   *
   * @param epochs those that there were; default: all
   */
  assign(variables: NamedVariables, epochs = this.weights.length): void {
    const weight = this.weights.slice(0, epochs).reduce((total, own) => total + own, 0);
    if (weight === 0) return;
    for (const [name, sum] of Object.entries(this.sums)) {
      if (epochs >= this.weights.length) variables[name]!.assign(sum);
      else tf.tidy(() => variables[name]!.assign(tf.div(sum, weight)));
    }
  }

  /** The sums so far; the tensors stay this object's. */
  state(): Readonly<Record<string, tf.Tensor>> {
    return this.sums;
  }

  /** Takes over a state that `state()` gave. The tensors are copied. */
  restore(state: Readonly<Record<string, tf.Tensor>>): void {
    this.dispose();
    this.sums = Object.fromEntries(Object.entries(state).map(([name, sum]) => [name, tf.keep(tf.clone(sum))]));
  }

  dispose(): void {
    tf.dispose(this.sums);
    this.sums = {};
  }
}
