import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '@promptweave/core';
import { fused } from './fused.js';

/** Columns and rows of a packed matrix are kept in blocks of so many. */
const BLOCK = 32;
/** Numbers of 32 bits in one block. */
const WORDS = (BLOCK * BLOCK) / 2;

/** A frozen weight [in, out], in float32 or packed in bfloat16. */
export type FrozenMatrix = tf.Tensor2D | PackedMatrix;

/** A weight in bfloat16, in the order in which the CPU's instructions read it: pairs of numbers, for TensorFlow.js has no such type. */
export interface PackedMatrix {
  /** int32. */
  readonly packed: tf.Tensor1D;
  /** [in, out]. */
  readonly shape: readonly [number, number];
}

/** A frozen linear layer, y = x · W + b. */
export interface FrozenLinear {
  readonly weight: FrozenMatrix;
  readonly bias: tf.Tensor1D;
}

/** What frozen weights are kept in and multiplied with; sums, and all else, are float32. */
export type Precision = 'float32' | 'bfloat16';

/** Whether the backend multiplies bfloat16. */
export function hasBfloat16(): boolean {
  return tf.getKernel('PromptweaveBfloat16Product', tf.getBackend()) !== undefined;
}

/** x · W. */
export function timesFrozen(x: tf.Tensor2D, weight: FrozenMatrix): tf.Tensor2D {
  return 'packed' in weight ? multiplied(x, weight, false) : tf.matMul(x, weight);
}

/** dy · Wᵀ, the gradient of {@link timesFrozen}. */
export function timesTransposed(dy: tf.Tensor2D, weight: FrozenMatrix): tf.Tensor2D {
  return 'packed' in weight ? multiplied(dy, weight, true) : tf.matMul(dy, weight, false, true);
}

/**
 * Rounds a weight to bfloat16.
 * @throws BackendError where the backend has no products for it
 */
export function pack(weight: tf.Tensor2D): PackedMatrix {
  const [packed] = inBfloat16<[tf.Tensor1D]>('PackWeight', [weight]);
  return { packed, shape: weight.shape };
}

/** The numbers of a weight as float32. */
export function unpacked(weight: FrozenMatrix): tf.Tensor2D {
  if (!('packed' in weight)) return weight;
  return inBfloat16<[tf.Tensor2D]>('UnpackWeight', [weight.packed], attributesOf(weight, false))[0];
}

/** A weight kept like another. */
export function keptLike(weight: tf.Tensor2D, other: FrozenMatrix): FrozenMatrix {
  return 'packed' in other ? pack(weight) : weight;
}

/** The tensor that a weight is kept in. */
export function tensorOf(weight: FrozenMatrix): tf.Tensor {
  return 'packed' in weight ? weight.packed : weight;
}

/** The precision that a weight is kept in. */
export function precisionOf(weight: FrozenMatrix): Precision {
  return 'packed' in weight ? 'bfloat16' : 'float32';
}

/** What products with a weight depend on besides the shape of that tensor: packed ones of several shapes are of one size. */
export function formOf(weight: FrozenMatrix): string {
  return 'packed' in weight ? `bfloat16[${weight.shape}]` : 'float32';
}

/** Some columns of a weight. */
export function columnsOf(weight: FrozenMatrix, from: number, count: number): FrozenMatrix {
  if (!('packed' in weight)) return tf.slice(weight, [0, from], [-1, count]);
  const [rows, columns] = weight.shape;
  const isWhole = from % BLOCK === 0 && (count % BLOCK === 0 || from + count === columns);
  if (!isWhole)
    return tf.tidy(
      () => pack(tf.slice(unpacked(weight), [0, from], [-1, count])) as PackedMatrix & tf.TensorContainerObject,
    );
  const panel = Math.ceil(rows / BLOCK) * WORDS;
  const packed = tf.slice(weight.packed, (from / BLOCK) * panel, Math.ceil(count / BLOCK) * panel);
  return { packed, shape: [rows, count] };
}

function multiplied(x: tf.Tensor2D, weight: PackedMatrix, transposed: boolean): tf.Tensor2D {
  return inBfloat16<[tf.Tensor2D]>('Bfloat16Product', [x, weight.packed], attributesOf(weight, transposed))[0];
}

function attributesOf({ shape: [rows, columns] }: PackedMatrix, transposed: boolean): tf.NamedAttrMap {
  return { rows, columns, transposed: transposed ? 1 : 0 };
}

/**
 * Runs a fused operation on bfloat16.
 * @returns its outputs
 * @throws BackendError where the backend has none
 */
export function inBfloat16<Outputs extends tf.Tensor[]>(
  name: string,
  inputs: readonly tf.Tensor[],
  attributes: tf.NamedAttrMap = {},
): Outputs {
  const done = fused<Outputs>(name, inputs, attributes);
  if (done) return done;
  throw new BackendError(`The backend ${tf.getBackend()} has no products of bfloat16.`, {
    where: 'runtime.precision',
    remedy: 'Set runtime.precision to float32.',
  });
}
