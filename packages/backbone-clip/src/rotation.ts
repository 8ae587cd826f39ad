import * as tf from '@tensorflow/tfjs-core';
import type { TransformerShape } from '@promptweave/core';
import { classRowsOf } from './clip-form.js';

/** By what queries and keys are turned, [L, d] each: y = x ∘ cos + swapped(x) ∘ sin, where `swapped` changes the two channels of each pair. */
export interface Rotation {
  readonly cos: tf.Tensor2D;
  /** Negative for the first channel of a pair. */
  readonly sin: tf.Tensor2D;
}

/** Largest wavelength of the positions, over 2π. */
const BASE = 10_000;

/**
 * Rotation of queries and keys by the place of their patch (arXiv 2104.09864), in two dimensions as in Perception Encoder (arXiv 2504.13181):
 * the first half of a head's channels turns with the column, the second with the row, each pair of neighbours at one of d/4 frequencies.
 * Columns and rows count from 1 where there is a class token, else from 0. Class token and prompts stay as they are.
 *
 * @returns gives what makes the rotation of sequences of so many rows (class token, patches, prompts): the same for the same number
 */
export function patchRotation(shape: Pick<TransformerShape, 'vision'>): (rows: number) => () => Rotation {
  const { width, heads, imageSize, patchSize } = shape.vision;
  const perHead = width / heads;
  const grid = Math.floor(imageSize / patchSize);
  const before = classRowsOf(shape);
  const first = before > 0 ? 1 : 0;
  const quarter = perHead / 4;
  const angles = (rows: number) => {
    const cos = new Float32Array(rows * perHead).fill(1);
    const sin = new Float32Array(rows * perHead);
    for (let patch = 0; patch < grid * grid; patch++) {
      const places = [first + (patch % grid), first + Math.floor(patch / grid)];
      places.forEach((place, axis) => {
        for (let j = 0; j < quarter; j++) {
          const angle = place * BASE ** (-j / quarter);
          const at = (before + patch) * perHead + axis * 2 * quarter + 2 * j;
          cos.fill(Math.cos(angle), at, at + 2);
          sin.set([-Math.sin(angle), Math.sin(angle)], at);
        }
      });
    }
    return { cos, sin };
  };
  const made = new Map<number, () => Rotation>();
  return (rows) => {
    const known = made.get(rows);
    if (known) return known;
    const { cos, sin } = angles(rows);
    const make = () => ({ cos: tf.tensor2d(cos, [rows, perHead]), sin: tf.tensor2d(sin, [rows, perHead]) });
    made.set(rows, make);
    return make;
  };
}

/** Queries or keys [H, C, L, d] turned. */
export function turned(x: tf.Tensor4D, { cos, sin }: Rotation): tf.Tensor4D {
  const swapped: tf.Tensor4D = tf.reshape(tf.reverse(tf.reshape(x, [-1, 2]), 1), x.shape);
  return tf.add(tf.mul(x, cos), tf.mul(swapped, sin));
}

/** Turned back, as gradients are: the reverse of {@link turned}. */
export function turnedBack(x: tf.Tensor4D, { cos, sin }: Rotation): tf.Tensor4D {
  return turned(x, { cos, sin: tf.neg(sin) });
}
