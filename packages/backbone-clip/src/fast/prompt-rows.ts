import * as tf from '@tensorflow/tfjs-core';
import type { SequenceGroup } from './heads.js';

/** Deep prompts that enter at a block: they replace rows of every sequence of group 0. */
export interface EnteringPrompt {
  /** [n, W]. */
  readonly rows: tf.Tensor2D;
  /** Position of the first replaced row in its sequence. */
  readonly at: number;
}

/** x with the rows of group 0 replaced; x [N, W], rows [n, W]. */
export function replaceRows(x: tf.Tensor2D, rows: tf.Tensor2D, at: number, group: SequenceGroup): tf.Tensor2D {
  return spliced(x, tf.tile(tf.expandDims(rows, 0), [group.count, 1, 1]) as tf.Tensor3D, at, group);
}

/** Gradients of {@link replaceRows}: that of x, 0 where it was replaced, and that of the rows. */
export function replaceRowsBackward(
  dy: tf.Tensor2D,
  n: number,
  at: number,
  group: SequenceGroup,
): readonly [dx: tf.Tensor2D, dRows: tf.Tensor2D] {
  const { count, length } = group;
  const width = dy.shape[1];
  const replaced = tf.slice(sequencesOf(dy, group), [0, at, 0], [count, n, width]);
  const dRows: tf.Tensor2D = count === 1 ? tf.reshape(replaced, [n, width]) : tf.sum(replaced, 0);
  const dx = n === length ? tf.zerosLike(dy) : spliced(dy, tf.zeros([count, n, width]), at, group);
  return [dx, dRows];
}

/** x [N, W] with `rows` [C, n, W] from position `at` of the sequences of the first group on. */
function spliced(x: tf.Tensor2D, rows: tf.Tensor3D, at: number, group: SequenceGroup): tf.Tensor2D {
  const { count, length } = group;
  const width = x.shape[1];
  const after = at + rows.shape[1];
  const sequences = sequencesOf(x, group);
  const parts = [
    tf.slice(sequences, [0, 0, 0], [count, at, width]),
    rows,
    tf.slice(sequences, [0, after, 0], [count, length - after, width]),
  ];
  const joined: tf.Tensor2D = tf.reshape(
    tf.concat(
      parts.filter((part) => part.shape[1] > 0),
      1,
    ),
    [count * length, width],
  );
  const rest = x.shape[0] - count * length;
  return rest === 0 ? joined : tf.concat([joined, tf.slice(x, [count * length, 0], [rest, width])], 0);
}

function sequencesOf(x: tf.Tensor2D, { count, length }: SequenceGroup): tf.Tensor3D {
  const own = count * length === x.shape[0] ? x : tf.slice(x, [0, 0], [count * length, -1]);
  return tf.reshape(own, [count, length, x.shape[1]]);
}
