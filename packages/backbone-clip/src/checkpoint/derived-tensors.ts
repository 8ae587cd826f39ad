import { sizeOf, type HostTensor, type StateDict } from '@promptweave/core';
import { misshapen, missing } from './clip-architecture.js';

/** Rows become columns, [a, b] → [b, a]; a tensor of another rank is given back as it is, for the shape check to name. */
export function transposed(tensor: HostTensor): HostTensor {
  if (tensor.shape.length !== 2) return tensor;
  const [rows, columns] = tensor.shape as [number, number];
  return {
    dtype: tensor.dtype,
    shape: [columns, rows],
    data: () => {
      const values = tensor.data();
      const result = likewise(values, values.length);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column]!;
      }
      return result;
    },
  };
}

/**
 * Tensors of one shape, one below the other: [a, …] n times → [n · a, …].
 *
 * @throws CheckpointError when one is missing or has another shape than the first
 */
export function concatenated(tensors: StateDict, names: string[], where: string): HostTensor {
  const parts = names.map((name) => {
    const part = tensors.get(name);
    if (!part) throw missing(name, 'as its neighbours', where);
    return part;
  });
  const [first] = parts as [HostTensor];
  const [rows = 1, ...rest] = first.shape;
  parts.forEach(({ shape, dtype }, i) => {
    if (shape.join() !== first.shape.join() || dtype.includes('float') !== first.dtype.includes('float')) {
      throw misshapen(names[i]!, shape, `[${first.shape.join(', ')}], as ${names[0]} has`, where);
    }
  });
  const size = sizeOf(first.shape);
  return {
    dtype: first.dtype,
    shape: [parts.length * rows, ...rest],
    data: () => {
      const values = first.data();
      const result = likewise(values, parts.length * size);
      result.set(values);
      parts.slice(1).forEach((part, i) => result.set(part.data(), (i + 1) * size));
      return result;
    },
  };
}

function likewise(values: Float32Array | Int32Array, length: number): Float32Array | Int32Array {
  return values instanceof Float32Array ? new Float32Array(length) : new Int32Array(length);
}
