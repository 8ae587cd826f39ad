import * as tf from '@tensorflow/tfjs-core';

/** Gives the tensors of the file by their names. */
export type Weights = (name: string) => tf.Tensor;

/** What a tower's blocks compute with. */
export interface BlockSetting {
  readonly heads: number;
  readonly activation: 'quick-gelu' | 'gelu';
  readonly weights: Weights;
  /** What is added to a layer's outcome for its input, [N, in] → [N, out]; absent where nothing is. */
  readonly added: (place: string, rows: tf.Tensor2D) => tf.Tensor2D | undefined;
}

/**
 * One pre-LN block of CLIP: x + attention(ln_1 x), then x + mlp(ln_2 x). Call within `tf.tidy`.
 * @param x rows of n images of one length, [n · length, V]
 */
export function block(x: tf.Tensor2D, index: number, n: number, setting: BlockSetting): tf.Tensor2D {
  const { heads, activation, weights, added } = setting;
  const name = `visual.transformer.resblocks.${index}`;
  const [rows, width] = x.shape;
  const perHead = width / heads;
  const layer = (input: tf.Tensor2D, weight: tf.Tensor2D, bias: tf.Tensor, place: string): tf.Tensor2D => {
    const plain: tf.Tensor2D = tf.add(tf.matMul(input, weight, false, true), bias);
    const more = added(`blocks.${index}.${place}`, input);
    return more ? tf.add(plain, more) : plain;
  };
  const linear = (input: tf.Tensor2D, of: string, place: string): tf.Tensor2D =>
    layer(input, weights(`${name}.${of}.weight`) as tf.Tensor2D, weights(`${name}.${of}.bias`), place);

  const first = layerNorm(x, weights, `${name}.ln_1`);
  const projections = tf.split(weights(`${name}.attn.in_proj_weight`), 3) as tf.Tensor2D[];
  const shifts = tf.split(weights(`${name}.attn.in_proj_bias`), 3);
  const [q, k, v] = ['q', 'k', 'v'].map((place, i) => {
    const projected = layer(first, projections[i]!, shifts[i]!, place);
    return tf.transpose(tf.reshape(projected, [n, rows / n, heads, perHead]), [0, 2, 1, 3]); // [n, H, L, d]
  });
  const scores = tf.softmax(tf.div(tf.matMul(q!, k!, false, true), Math.sqrt(perHead))); // [n, H, L, L]
  const mixed = tf.transpose(tf.matMul(scores, v!), [0, 2, 1, 3]);
  const attended = linear(tf.reshape(mixed, [rows, width]), 'attn.out_proj', 'o');
  const between: tf.Tensor2D = tf.add(x, attended);
  const hidden = activate(linear(layerNorm(between, weights, `${name}.ln_2`), 'mlp.c_fc', 'up'), activation);
  const outcome: tf.Tensor2D = tf.add(between, linear(hidden, 'mlp.c_proj', 'down'));
  const adapted = added(`blocks.${index}.adapter`, first);
  return adapted ? tf.add(outcome, adapted) : outcome;
}

/** Layer normalisation of rows with ε = 1e-5, [N, V]. */
export function layerNorm(x: tf.Tensor2D, weights: Weights, name: string): tf.Tensor2D {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(normal, weights(`${name}.weight`)), weights(`${name}.bias`));
}

function activate(x: tf.Tensor2D, activation: BlockSetting['activation']): tf.Tensor2D {
  if (activation === 'quick-gelu') return tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)));
  return tf.mul(x, tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5));
}
