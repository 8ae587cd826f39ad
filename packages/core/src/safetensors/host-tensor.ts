/** How the values of a tensor are stored in a file. */
export type StoredType =
  'float64' | 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'int16' | 'int8' | 'uint8' | 'bool';

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
}

/** Tensors by name, in the order of the file. */
export type StateDict = Map<string, HostTensor>;

/** Number of values of a tensor of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
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
