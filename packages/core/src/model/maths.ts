import * as tf from '@tensorflow/tfjs-core';
import { differentiableProgram, program, type NamedTensors } from './program.js';

/** Rows scaled to unit length, [N, E]. */
export function normalise(x: tf.Tensor2D): tf.Tensor2D {
  // `tf.norm` goes through powers, which cost many times as much, and its gradient more still.
  return tf.customGrad((given, save) => {
    const rows = given as tf.Tensor2D;
    const [unit, length] = program('normalise', [rows], () => {
      const lengths = tf.sqrt(tf.sum(tf.square(rows), -1, true)); // [N, 1]
      return [tf.div<tf.Tensor2D>(rows, lengths), lengths];
    });
    (save as tf.GradSaveFunc)([unit!, length!]);
    return {
      value: unit as tf.Tensor2D,
      gradFunc: (dy: tf.Tensor2D, saved: tf.Tensor[]) => {
        const [direction, size] = saved as [tf.Tensor2D, tf.Tensor2D];
        const [dRows] = program('normalise, backward', [dy, direction, size], () => {
          const along = tf.sum(tf.mul(dy, direction), -1, true); // [N, 1]
          return [tf.div<tf.Tensor2D>(tf.sub(dy, tf.mul(direction, along)), size)];
        });
        return dRows!;
      },
    };
  })(x);
}

/** Ones where a row's class is the column's, [N, C]. */
export function oneHotRows(labels: tf.Tensor1D, classes: number): tf.Tensor2D {
  const values = new Float32Array(labels.size * classes); // one upload instead of four operations in every step
  labels.dataSync().forEach((label, row) => {
    if (label >= 0 && label < classes) values[row * classes + label] = 1;
  });
  return tf.tensor2d(values, [labels.size, classes]);
}

/** max(x, 0); its gradient is 0 at 0, as that of `tf.relu`, which takes seven operations for it. */
export function relu<T extends tf.Tensor>(x: T): T {
  return tf.customGrad((given, save) => {
    const value = tf.relu(given as T);
    (save as tf.GradSaveFunc)([value]);
    return {
      value,
      gradFunc: (dy: T, saved: tf.Tensor[]) => tf.mul(dy, tf.cast(tf.greater(saved[0]!, 0), 'float32')),
    };
  })(x);
}

/** Softmax of the last axis, of operations that may stand in a program (TensorFlow's own gives other bits there, and is composed). */
export function softmax<T extends tf.Tensor>(x: T): T {
  return tf.customGrad((given, save) => {
    const powers = tf.exp(tf.sub(given as T, tf.max(given as T, -1, true)));
    const value: T = tf.div(powers, tf.sum(powers, -1, true));
    (save as tf.GradSaveFunc)([value]);
    return {
      value,
      gradFunc: (dy: T, saved: tf.Tensor[]) => {
        const weighted = tf.mul(dy, saved[0]!);
        return tf.sub(weighted, tf.mul(tf.sum(weighted, -1, true), saved[0]!));
      },
    };
  })(x);
}

/** −mean over rows of Σ target · log softmax(logits), of targets that sum to 1 in each row; the targets are constants, [N, C] each. */
export function crossEntropyOf(logits: tf.Tensor2D, target: tf.Tensor2D): tf.Scalar {
  return tf.customGrad((given, save) => {
    const rows = given as tf.Tensor2D;
    const [value, logProbabilities] = program('cross-entropy', [rows, target], () => {
      const found = tf.logSoftmax(rows);
      return [tf.neg(tf.mean<tf.Scalar>(tf.sum(tf.mul(target, found), -1))), found];
    });
    (save as tf.GradSaveFunc)([logProbabilities!, target]);
    return {
      value: value as tf.Scalar,
      gradFunc: (dy: tf.Scalar, saved: tf.Tensor[]) => {
        const [dRows] = program('cross-entropy, backward', [dy, ...saved], () => [
          tf.mul(tf.sub(tf.exp(saved[0]!), saved[1]!), tf.div(dy, saved[0]!.shape[0]!)),
        ]);
        return dRows!;
      },
    };
  })(logits);
}

/** Mean of corresponding unit rows, scaled to unit length again, [N, E]. */
export function meanDirection(all: readonly tf.Tensor2D[]): tf.Tensor2D {
  return normalise(tf.addN([...all]));
}

/** scale · a · bᵀ of normalised rows, [A, B]. */
export function cosineLogits(a: tf.Tensor2D, b: tf.Tensor2D, scale: number): tf.Tensor2D {
  const compare = (given: NamedTensors): [tf.Tensor2D] => [
    tf.mul(scale, tf.matMul(given.a as tf.Tensor2D, given.b as tf.Tensor2D, false, true)),
  ];
  return differentiableProgram(`cosine ${scale}`, { a, b }, compare)[0];
}

/** y = x · Wᵀ + b with PyTorch's layout of a linear layer: x [N, in], weight [out, in], bias [out]. */
export function linear(x: tf.Tensor2D, weight: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  const y: tf.Tensor2D = tf.matMul(x, weight, false, true);
  return bias ? tf.add(y, bias) : y;
}

/** Layer normalisation over the last axis, x [N, W]. */
export function layerNorm(x: tf.Tensor2D, weight: tf.Tensor1D, bias: tf.Tensor1D, epsilon = 1e-5): tf.Tensor2D {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), weight), bias);
}

/** Cosine of corresponding rows, [N]. */
export function rowCosine(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor1D {
  return tf.sum(tf.mul(normalise(a), normalise(b)), -1);
}

/** Seeded N(0, sd²) start values. Every name has a stream of its own, so that adding a part changes no other's values. */
export function seededNormal(shape: number[], sd: number, seed: number, name: string): tf.Tensor {
  return tf.randomNormal(shape, 0, sd, 'float32', hashSeed(seed, name));
}

/** Seeded U(−bound, bound) start values. */
export function seededUniform(shape: number[], bound: number, seed: number, name: string): tf.Tensor {
  return tf.randomUniform(shape, -bound, bound, 'float32', hashSeed(seed, name));
}

/** FNV-1a of seed and name, a positive 31-bit integer. */
export function hashSeed(seed: number, name: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${seed}:${name}`) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return (hash >>> 1) + 1;
}

/** y = x · Wᵀ + b with the tensors `${name}.weight` [out, in] and `${name}.bias` [out]; x [N, in]. */
export function linearOf(tensors: Readonly<Record<string, tf.Tensor>>, name: string, x: tf.Tensor2D): tf.Tensor2D {
  return linear(x, tensors[`${name}.weight`] as tf.Tensor2D, tensors[`${name}.bias`] as tf.Tensor1D);
}

/** The N matrices of x [N, rows, width]. Unlike `tf.unstack`, it has a gradient for N = 1, too. */
export function unstackMatrices(x: tf.Tensor3D): tf.Tensor2D[] {
  const [count, rows, width] = x.shape;
  return count === 1 ? [tf.reshape(x, [rows, width])] : (tf.unstack(x) as tf.Tensor2D[]);
}

/** x as a constant: no gradient flows through it. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  const { shape } = x; // x itself may be gone when the gradient is asked for
  const constant = tf.customGrad((input) => ({
    value: tf.clone(input as tf.Tensor),
    gradFunc: () => tf.zeros(shape),
  }));
  return constant(x) as T;
}

/** Keeps a tensor beyond the current `tidy`. */
export function keepCopy<T extends tf.Tensor>(tensor: T): T {
  return tf.keep(tf.clone(tensor)) as T;
}
