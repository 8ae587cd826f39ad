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

/** [1, a, b] → [a, b], [1, 1, a] → [a]; a tensor of another shape is given back as it is, for the shape check to name. */
export function flattened(tensor: HostTensor): HostTensor {
  const [first, second, ...rest] = tensor.shape;
  if (first !== 1 || rest.length !== 1) return tensor;
  return { dtype: tensor.dtype, shape: second === 1 ? rest : [second!, ...rest], data: () => tensor.data() };
}

/**
 * Tensors of one shape, one below the other: [a, …] n times → [n · a, …].
 *
 * @param times of each, how many times the first one's rows it has; by default once
 * @throws CheckpointError when one is missing or has another shape than the first
 */
export function concatenated(
  tensors: StateDict,
  names: string[],
  where: string,
  times: readonly number[] = names.map(() => 1),
): HostTensor {
  const parts = names.map((name) => {
    const part = tensors.get(name);
    if (!part) throw missing(name, 'as its neighbours', where);
    return part;
  });
  const [first] = parts as [HostTensor];
  const [rows = 1, ...rest] = first.shape;
  parts.forEach(({ shape, dtype }, i) => {
    const expected = [times[i]! * rows, ...rest];
    if (shape.join() !== expected.join() || dtype.includes('float') !== first.dtype.includes('float')) {
      throw misshapen(
        names[i]!,
        shape,
        `[${expected.join(', ')}], for ${names[0]} has [${first.shape.join(', ')}]`,
        where,
      );
    }
  });
  const all = times.reduce((sum, count) => sum + count, 0);
  return {
    dtype: first.dtype,
    shape: [all * rows, ...rest],
    data: () => {
      const values = first.data();
      const result = likewise(values, all * sizeOf(first.shape));
      result.set(values);
      let next = values.length;
      for (const part of parts.slice(1)) {
        result.set(part.data(), next);
        next += sizeOf(part.shape);
      }
      return result;
    },
  };
}

function likewise(values: Float32Array | Int32Array, length: number): Float32Array | Int32Array {
  return values instanceof Float32Array ? new Float32Array(length) : new Int32Array(length);
}
