import { headerLength, parseHeader } from './header.js';
import { lazily, type SafetensorsFile } from './parse.js';
import { RandomAccessFile } from './random-access-file.js';

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
