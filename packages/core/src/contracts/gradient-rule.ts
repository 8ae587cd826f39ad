import type { Tensor } from '@tensorflow/tfjs-core';

/** How a step is made from the gradients of several terms. */
export interface GradientRule {
  /** Whether a loss term is left out of the total, and its gradient given to {@link combine} instead. */
  isAside(term: string): boolean;
  /**
   * The gradient that the optimiser gets, for one variable. Call within `tf.tidy`.
   * @param total gradient of the total
   * @param aside gradient of the terms that were left out; absent where they do not depend on the variable
   */
  combine(total: Tensor, aside: Tensor | undefined): Tensor;
}
