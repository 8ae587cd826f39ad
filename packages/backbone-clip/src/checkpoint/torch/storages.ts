import { CheckpointError, decodeValues, bytesPerValue, sizeOf, type HostTensor } from '@promptweave/core';
import type { RandomAccessFile } from '@promptweave/core';
import { AllowedGlobal, type PickledStorage, type PickledTensor } from './pickled-values.js';

/** Where the values of a storage lie in the file. */
export interface StorageRegion {
  /** First byte. */
  readonly start: number;
  /** Bytes. */
  readonly length: number;
}

/**
 * Reads the persistent id by which torch.save refers to a storage:
 * `('storage', class, key, device, number of values[, (view key, offset, length)])`.
 *
 * @throws CheckpointError when it is anything else
 */
export function storageOfId(id: unknown, where: string): PickledStorage {
  if (Array.isArray(id) && id[0] === 'storage') {
    const [, type, key, , length, view] = id as unknown[];
    const offset = Array.isArray(view) ? view[1] : 0;
    if (
      type instanceof AllowedGlobal &&
      type.storage &&
      typeof key === 'string' &&
      isCount(length) &&
      isCount(offset)
    ) {
      const viewed = Array.isArray(view) ? view[2] : length;
      if (isCount(viewed) && offset + viewed <= length) return { key, dtype: type.storage, length: viewed, offset };
    }
  }
  throw new CheckpointError('The pickle refers to something that is no storage of tensors.', {
    where,
    remedy: 'Save the weights with torch.save(model.state_dict(), path), or convert them to safetensors.',
  });
}

/**
 * The tensor behind a view of a storage; `data()` reads only the bytes that the view spans.
 *
 * @throws CheckpointError when the storage is missing from the file or too short
 */
export function tensorOf(
  tensor: PickledTensor,
  file: RandomAccessFile,
  regions: ReadonlyMap<string, StorageRegion>,
  where: string,
): HostTensor {
  const { storage, shape, strides, offset } = tensor;
  const { dtype } = storage;
  const width = bytesPerValue[dtype];
  const size = sizeOf(shape);
  const region = regions.get(storage.key);
  const needed = (storage.offset + storage.length) * width;
  if (!region || region.length < needed) {
    const found = region ? `${region.length} bytes` : 'nothing';
    throw new CheckpointError(`Its storage ${JSON.stringify(storage.key)} needs ${needed} bytes, found ${found}.`, {
      where,
      remedy: 'The file is truncated or corrupt: get it again.',
    });
  }
  const span = size === 0 ? 0 : shape.reduce((sum, count, axis) => sum + (count - 1) * strides[axis]!, 1);
  const read = (): Float32Array | Int32Array =>
    decodeValues(file.read(region.start + offset * width, span * width), dtype, where);
  if (isContiguous(shape, strides)) return { dtype, shape, data: read };
  return { dtype, shape, data: () => gathered(read(), shape, strides) };
}

function isContiguous(shape: number[], strides: number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/** Values of a strided view, in row-major order. */
function gathered(values: Float32Array | Int32Array, shape: number[], strides: number[]): Float32Array | Int32Array {
  const size = sizeOf(shape);
  const result = values instanceof Float32Array ? new Float32Array(size) : new Int32Array(size);
  const index = shape.map(() => 0);
  let position = 0;
  for (let i = 0; i < size; i++) {
    result[i] = values[position]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      position -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
