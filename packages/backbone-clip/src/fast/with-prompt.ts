import * as tf from '@tensorflow/tfjs-core';
import { program } from '@promptweave/core';
import type { SequenceGroup } from './heads.js';
import { replaceRows, replaceRowsBackward, type EnteringPrompt } from './prompt-rows.js';

/** A block's forward pass, and its backward pass from what the forward pass kept. */
export interface BlockPass {
  /** @param keeps whether a backward pass may follow */
  forward(rows: tf.Tensor2D, keeps: boolean): { readonly output: tf.Tensor2D; readonly kept: readonly tf.Tensor[] };
  /** Gradients of the rows and of the learned tensors. */
  backward(dy: tf.Tensor2D, kept: readonly tf.Tensor[]): readonly [dx: tf.Tensor2D, ...learned: tf.Tensor[]];
}

/** What makes the passes of a block the same in every step, so that they can be programs. */
export interface BlockProgram {
  /** All that the operations depend on besides the shapes of the rows and of the prompt. */
  readonly key: string;
  /** The frozen tensors that they read. */
  readonly reads: readonly tf.Tensor[];
}

/**
 * Runs a block as one operation of the tape, deep prompts put in before it: a replacement of its own would leave several copies
 * of the rows there.
 *
 * @param x [N, W]
 * @param group whose sequences the prompts enter
 * @param options.learned what is learned within the block
 * @param options.program without it, the passes are composed in every step
 */
export function withPrompt(
  x: tf.Tensor2D,
  prompt: EnteringPrompt | undefined,
  group: SequenceGroup,
  pass: BlockPass,
  { learned = [], program: asProgram }: { learned?: readonly tf.Tensor[]; program?: BlockProgram } = {},
): tf.Tensor2D {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  const keeps = gradientDepth > 0 && kernelDepth === 0; // the tape is on
  const run = <Outputs extends tf.Tensor[]>(
    name: string,
    inputs: readonly tf.Tensor[],
    compose: () => Outputs,
  ): Outputs => {
    if (!asProgram) return compose();
    const key = [name, asProgram.key, prompt?.at, prompt?.rows.shape[0]].join(' ');
    return program(key, [...inputs, ...asProgram.reads], compose);
  };
  const taped = tf.customGrad((...given) => {
    const save = given.pop() as tf.GradSaveFunc;
    const input = given[0] as tf.Tensor2D;
    const rows = prompt && (given[1] as tf.Tensor2D);
    const [output, ...kept] = run(keeps ? 'forward, keeps' : 'forward', rows ? [input, rows] : [input], () => {
      const done = pass.forward(rows ? replaceRows(input, rows, prompt.at, group) : input, keeps);
      return [done.output, ...done.kept];
    });
    save(kept);
    return {
      value: output!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] =>
        run('backward', [dy, ...saved], () =>
          tf.tidy(() => {
            const [dx, ...ofLearned] = pass.backward(dy as tf.Tensor2D, saved);
            return [...(rows ? replaceRowsBackward(dx, rows.shape[0], prompt.at, group) : [dx]), ...ofLearned];
          }),
        ),
    };
  });
  return taped(x, ...(prompt ? [prompt.rows] : []), ...learned) as tf.Tensor2D;
}
