import { CheckpointError } from '../errors.js';
import { decodeBfloat16, decodeFloat16 } from './half.js';
import type { StoredType } from './host-tensor.js';

/** Bytes of one stored value. */
export const bytesPerValue: Readonly<Record<StoredType, number>> = {
  float64: 8,
  int64: 8,
  float32: 4,
  int32: 4,
  float16: 2,
  bfloat16: 2,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/**
 * Little-endian bytes → values. float32 and int32 share the memory of `bytes` where it is aligned.
 *
 * @param bytes a whole number of values
 * @param where file and tensor, for the error
 * @throws CheckpointError when an int64 does not fit 32 bits
 */
export function decodeValues(bytes: Uint8Array, dtype: StoredType, where: string): Float32Array | Int32Array {
  const width = bytesPerValue[dtype];
  const { buffer, byteOffset } = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  const count = bytes.byteLength / width;
  switch (dtype) {
    case 'float64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
    case 'float32':
      return new Float32Array(buffer, byteOffset, count);
    case 'float16':
      return decodeFloat16(new Uint16Array(buffer, byteOffset, count));
    case 'bfloat16':
      return decodeBfloat16(new Uint16Array(buffer, byteOffset, count));
    case 'int64':
      return narrow(new BigInt64Array(buffer, byteOffset, count), where);
    case 'int32':
      return new Int32Array(buffer, byteOffset, count);
    case 'int16':
      return Int32Array.from(new Int16Array(buffer, byteOffset, count));
    case 'int8':
      return Int32Array.from(new Int8Array(buffer, byteOffset, count));
    case 'uint8':
      return Int32Array.from(bytes);
    case 'bool':
      return Int32Array.from(bytes, (byte) => (byte === 0 ? 0 : 1));
  }
}

function narrow(values: BigInt64Array, where: string): Int32Array {
  const narrowed = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (value !== (value | 0)) {
      throw new CheckpointError(`Value ${values[i]} at index ${i} does not fit a 32-bit integer.`, {
        where,
        remedy: 'Store this tensor as int32, or leave it out: no weight of a CLIP model needs 64 bits.',
      });
    }
    narrowed[i] = value;
  }
  return narrowed;
}
