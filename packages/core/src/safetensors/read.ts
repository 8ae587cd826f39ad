import { decodeValues } from './decode.js';
import { headerLength, parseHeader, type Header } from './header.js';
import type { StateDict } from './host-tensor.js';
import { RandomAccessFile } from './random-access-file.js';

/** A safetensors file: its free text and its tensors, each decoded when its `data()` is called. */
export interface SafetensorsFile {
  /** The entries of `__metadata__`. */
  readonly metadata: Record<string, string>;
  /** In the order of their bytes. */
  readonly tensors: StateDict;
}

/**
 * Opens a safetensors file. Only the header is read and checked; every `data()` reads the bytes of its own tensor.
 *
 * @example
 * const { tensors } = await readSafetensors('model.safetensors');
 * const values = tensors.get('visual.proj')?.data();
 *
 * @throws CheckpointError when the file is missing, truncated, corrupt or of another format
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const file = new RandomAccessFile(path);
  const length = headerLength(file.read(0, Math.min(8, file.size)), file.size, path);
  const start = 8 + length;
  const header = parseHeader(file.read(8, length), file.size - start, path);
  return lazily(header, path, (begin, end) => file.read(start + begin, end - begin));
}

/**
 * Checks the header of a safetensors file, and that all of its tensors lie within it.
 * @throws CheckpointError as `readSafetensors`
 */
export function checkSafetensors(path: string): void {
  const file = new RandomAccessFile(path);
  const length = headerLength(file.read(0, Math.min(8, file.size)), file.size, path);
  parseHeader(file.read(8, length), file.size - 8 - length, path);
}

/**
 * The same for a file that is already in memory, whose bytes must not change afterwards.
 *
 * @param where what to call it in errors
 * @throws CheckpointError as `readSafetensors`
 */
export function parseSafetensors(bytes: Uint8Array, where: string): SafetensorsFile {
  const start = 8 + headerLength(bytes, bytes.byteLength, where);
  const header = parseHeader(bytes.subarray(8, start), bytes.byteLength - start, where);
  return lazily(header, where, (begin, end) => new Uint8Array(bytes.subarray(start + begin, start + end)));
}

function lazily(header: Header, where: string, read: (begin: number, end: number) => Uint8Array): SafetensorsFile {
  const tensors: StateDict = new Map();
  for (const { name, dtype, shape, begin, end } of header.entries) {
    const tensor = `${where}, tensor ${JSON.stringify(name)}`;
    tensors.set(name, { dtype, shape, data: () => decodeValues(read(begin, end), dtype, tensor) });
  }
  return { metadata: header.metadata, tensors };
}
