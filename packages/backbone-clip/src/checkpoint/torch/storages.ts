import {
  bytesPerValue,
  CheckpointError,
  decodeValues,
  rowReader,
  sizeOf,
  type HostTensor,
  type RandomAccessFile,
} from '@promptweave/core';
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
  const region = regions.get(storage.key);
  const needed = (storage.offset + storage.length) * width;
  if (!region || region.length < needed) {
    const found = region ? `${region.length} bytes` : 'nothing';
    throw new CheckpointError(`Its storage ${JSON.stringify(storage.key)} needs ${needed} bytes, found ${found}.`, {
      where,
      remedy: 'The file is truncated or corrupt: get it again.',
    });
  }
  const span = spanOf(tensor);
  const decoded = (begin: number, length: number): Float32Array | Int32Array =>
    decodeValues(file.read(region.start + offset * width + begin, length), dtype, where);
  const read = (): Float32Array | Int32Array => decoded(0, span * width);
  if (!isContiguous(shape, strides)) return { dtype, shape, data: () => gathered(read(), shape, strides) };
  const rows = shape.length === 2 && rowReader(shape as [number, number], width, decoded);
  return { dtype, shape, data: read, ...(rows && { rows }) };
}

/** Values of the storage from the first to the last one that a view shows. */
function spanOf({ shape, strides }: PickledTensor): number {
  if (sizeOf(shape) === 0) return 0;
  return shape.reduce((sum, count, axis) => sum + (count - 1) * strides[axis]!, 1);
}

/** How often the bytes of a file may be read for its tensors: tied weights are there twice. */
const MOST_READINGS = 4;

/**
 * Refuses tensors that share their values so much that a small file would fill the memory, or be read for hours.
 *
 * @throws CheckpointError
 */
export function requireOwnValues(tensors: Iterable<PickledTensor>, file: RandomAccessFile): void {
  let bytes = 0;
  for (const tensor of tensors) bytes += spanOf(tensor) * bytesPerValue[tensor.storage.dtype];
  if (bytes <= MOST_READINGS * file.size) return;
  throw new CheckpointError(
    `The tensors need ${bytes} bytes, the file has ${file.size}: they lie over each other in the file.`,
    { where: file.path, remedy: 'The file is corrupt or malicious: get the weights from another place.' },
  );
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
