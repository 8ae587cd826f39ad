/** How the values of a tensor are stored in a file. */
export type StoredType =
  | 'float64'
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool';

/**
 * A tensor in main memory or still on disk, belonging to no backend.
 *
 * A tensor that was read from a file is decoded anew by every call of `data()`, so that a whole checkpoint never lies in
 * memory twice: take the values once, hand them to the backend, let them go.
 */
export interface HostTensor {
  /** How the values are stored; `data()` widens or narrows them to 32 bits. */
  readonly dtype: StoredType;
  /** Sizes of the dimensions, row-major; `[]` is a scalar. */
  readonly shape: number[];
  /**
   * The values, row-major: floats of any width as Float32Array, integers and booleans as Int32Array.
   *
   * @throws CheckpointError when the file has changed or vanished since it was opened, or an int64 exceeds 32 bits
   */
  data(): Float32Array | Int32Array;
  /**
   * The values of single rows of a matrix, one after the other, without reading the others; absent where only the whole can be read.
   *
   * @throws CheckpointError as `data`; RangeError for a row that the matrix does not have
   */
  rows?(numbers: readonly number[]): Float32Array | Int32Array;
}

/** Tensors by name, in the order of the file. */
export type StateDict = Map<string, HostTensor>;

/** Number of values of a tensor of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * How single rows of a matrix in a file are read: those that follow each other together, without the others.
 *
 * @param read bytes from `begin` on, counted from the first of the tensor, decoded
 */
export function rowReader(
  [count, width]: readonly [number, number],
  bytesPerValue: number,
  read: (begin: number, length: number) => Float32Array | Int32Array,
): (numbers: readonly number[]) => Float32Array | Int32Array {
  const bytes = width * bytesPerValue;
  return (numbers) => {
    const parts = runsOf(numbers).map(([first, rows]) => {
      const outside = [first, first + rows - 1].find((row) => !(Number.isInteger(row) && row >= 0 && row < count));
      if (outside !== undefined) throw new RangeError(`There is no row ${outside} of ${count}.`);
      return read(first * bytes, rows * bytes);
    });
    const size = numbers.length * width;
    const values = parts[0] instanceof Int32Array ? new Int32Array(size) : new Float32Array(size);
    let at = 0;
    for (const part of parts) {
      values.set(part, at);
      at += part.length;
    }
    return values;
  };
}

/** Numbers that follow each other, as the first of them and how many. */
function runsOf(numbers: readonly number[]): [first: number, count: number][] {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last && number === last[0] + last[1]) last[1]++;
    else runs.push([number, 1]);
  }
  return runs;
}

/**
 * A tensor of values that are already in memory. The values are shared, not copied.
 *
 * @param dtype how the values should be written to a file; float32 for floats and int32 for integers unless given
 * @throws RangeError when the number of values does not fit the shape
 */
export function hostTensor(values: Float32Array | Int32Array, shape: number[], dtype?: StoredType): HostTensor {
  if (values.length !== sizeOf(shape)) {
    throw new RangeError(`${values.length} values do not fill the shape [${shape.join(', ')}].`);
  }
  return {
    dtype: dtype ?? (values instanceof Float32Array ? 'float32' : 'int32'),
    shape,
    data: () => values,
  };
}
