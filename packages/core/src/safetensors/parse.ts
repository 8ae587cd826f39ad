import { bytesPerValue, decodeValues } from './decode.js';
import { headerLength, parseHeader, type Header } from './header.js';
import { rowReader, type StateDict } from './host-tensor.js';

/** A safetensors file: its free text and its tensors, each decoded when its `data()` is called. */
export interface SafetensorsFile {
  /** The entries of `__metadata__`. */
  readonly metadata: Record<string, string>;
  /** In the order of their bytes. */
  readonly tensors: StateDict;
}

/**
 * Opens a safetensors file that is already in memory, whose bytes must not change afterwards.
 *
 * @param where what to call it in errors
 * @throws CheckpointError when the bytes are truncated, corrupt or of another format
 */
export function parseSafetensors(bytes: Uint8Array, where: string): SafetensorsFile {
  const start = 8 + headerLength(bytes, bytes.byteLength, where);
  const header = parseHeader(bytes.subarray(8, start), bytes.byteLength - start, where);
  return lazily(header, where, (begin, end) => new Uint8Array(bytes.subarray(start + begin, start + end)));
}

/** Tensors of a header, whose bytes are read when they are asked for. */
export function lazily(
  header: Header,
  where: string,
  read: (begin: number, end: number) => Uint8Array,
): SafetensorsFile {
  const tensors: StateDict = new Map();
  for (const { name, dtype, shape, begin, end } of header.entries) {
    const tensor = `${where}, tensor ${JSON.stringify(name)}`;
    const decoded = (from: number, to: number) => decodeValues(read(from, to), dtype, tensor);
    const rows = (from: number, length: number) => decoded(begin + from, begin + from + length);
    tensors.set(name, {
      ...{ dtype, shape, data: () => decoded(begin, end) },
      ...(shape.length === 2 && { rows: rowReader(shape as [number, number], bytesPerValue[dtype], rows) }),
    });
  }
  return { metadata: header.metadata, tensors };
}
