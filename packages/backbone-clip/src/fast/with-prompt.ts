import * as tf from '@tensorflow/tfjs-core';
import type { SequenceGroup } from './heads.js';
import { replaceRows, replaceRowsBackward, type EnteringPrompt } from './prompt-rows.js';

/** A block's forward pass, and how its backward pass goes on from what was kept. */
export interface BlockPass {
  readonly output: tf.Tensor2D;
  readonly kept: tf.Tensor[];
  /** Gradients of the rows and of the learned tensors. */
  backward(dy: tf.Tensor2D, kept: readonly tf.Tensor[]): readonly [dx: tf.Tensor2D, ...learned: tf.Tensor[]];
}

/**
 * Runs a block as one operation of the tape, deep prompts put in before it: a replacement of its own would leave several copies
 * of the rows there.
 *
 * @param x [N, W]
 * @param group whose sequences the prompts enter
 * @param pass told whether a backward pass may follow
 * @param learned what is learned within the block
 */
export function withPrompt(
  x: tf.Tensor2D,
  prompt: EnteringPrompt | undefined,
  group: SequenceGroup,
  pass: (rows: tf.Tensor2D, keeps: boolean) => BlockPass,
  learned: readonly tf.Tensor[] = [],
): tf.Tensor2D {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  const keeps = gradientDepth > 0 && kernelDepth === 0; // the tape is on
  const run = tf.customGrad((...given) => {
    const save = given.pop() as tf.GradSaveFunc;
    const input = given[0] as tf.Tensor2D;
    const rows = prompt && (given[1] as tf.Tensor2D);
    const { output, kept, backward } = pass(rows ? replaceRows(input, rows, prompt.at, group) : input, keeps);
    save(kept);
    return {
      value: output,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] =>
        tf.tidy(() => {
          const [dx, ...ofLearned] = backward(dy as tf.Tensor2D, saved);
          return [...(rows ? replaceRowsBackward(dx, rows.shape[0], prompt.at, group) : [dx]), ...ofLearned];
        }),
    };
  });
  return run(x, ...(prompt ? [prompt.rows] : []), ...learned) as tf.Tensor2D;
}
