import * as tf from '@tensorflow/tfjs-core';
import { gradientsWithinBackward, type Branch } from '@promptweave/core';

/** Gradients of the learned tensors of a block, as its backward pass finds them. */
export class TuningGradients {
  private readonly found = new Map<tf.Tensor, tf.Tensor>();

  /** Nothing where the tensor is not learned. */
  add(tensor: tf.Tensor | undefined, gradient: () => tf.Tensor): void {
    if (!tensor) return;
    const before = this.found.get(tensor);
    this.found.set(tensor, before ? tf.add(before, gradient()) : gradient());
  }

  /**
   * The backward pass of a branch.
   * @returns the gradient of what it sees
   */
  through(branch: Branch, x: tf.Tensor2D, dy: tf.Tensor2D, ids: Int32Array): tf.Tensor2D {
    const [dx, ...ofVariables] = gradientsWithinBackward(
      (rows, ...variables) => branch.apply(rows as tf.Tensor2D, variables, ids),
      [x, ...branch.variables],
      dy,
    );
    branch.variables.forEach((variable, i) => this.add(variable, () => ofVariables[i]!));
    return dx as tf.Tensor2D;
  }

  /** In the order of the tensors. */
  of(tensors: readonly tf.Tensor[]): tf.Tensor[] {
    return tensors.map((tensor) => this.found.get(tensor) ?? tf.zerosLike(tensor));
  }
}
