import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CheckpointError } from '../errors.js';
import { encodeFloat16 } from './half.js';
import { sizeOf, type HostTensor, type StateDict } from './host-tensor.js';

/**
 * Writes a safetensors file. float16 tensors are written as F16 (rounded to nearest), all other floats as F32, integers
 * and booleans as I32. The same tensors and metadata give the same bytes.
 *
 * The file appears under its name only when it is whole and on the disk: an interrupted call leaves the former file.
 *
 * @param path where to write; the folder must exist
 * @param metadata free text to keep with the tensors
 * @throws CheckpointError when a value does not fit float16, or the file cannot be written
 */
export async function writeSafetensors(
  path: string,
  tensors: StateDict,
  metadata: Record<string, string> = {},
): Promise<void> {
  // Four-byte values first, so that every tensor is aligned to its width.
  const ordered = [...tensors].sort(([, a], [, b]) => widthOf(b) - widthOf(a));
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(headerOf(ordered, metadata));
      for (const [name, tensor] of ordered) {
        await file.writeFile(encoded(tensor, `${path}, tensor ${JSON.stringify(name)}`));
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError(`Cannot write the file: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      where: path,
      remedy: 'Check that the folder exists, that you may write there, and that the disk has room.',
      cause,
    });
  }
}

function codeOf(tensor: HostTensor): 'F16' | 'F32' | 'I32' {
  if (tensor.dtype === 'float16') return 'F16';
  return tensor.dtype.includes('float') ? 'F32' : 'I32';
}

function widthOf(tensor: HostTensor): number {
  return codeOf(tensor) === 'F16' ? 2 : 4;
}

/** Length and JSON, padded with spaces so that the data begin at a multiple of 8. */
function headerOf(ordered: [string, HostTensor][], metadata: Record<string, string>): Buffer {
  // An object without prototype, for a tensor may have any name, `__proto__` too.
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  let begin = 0;
  for (const [name, tensor] of ordered) {
    if (name === '__metadata__') {
      throw new CheckpointError('No tensor can have this name: the format reserves it.', {
        where: 'tensor "__metadata__"',
        remedy: 'Give the tensor another name.',
      });
    }
    const end = begin + sizeOf(tensor.shape) * widthOf(tensor);
    header[name] = { dtype: codeOf(tensor), shape: tensor.shape, data_offsets: [begin, end] };
    begin = end;
  }
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const padded = Math.ceil(json.byteLength / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, ' ');
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(bytes, 8);
  return bytes;
}

function encoded(tensor: HostTensor, where: string): Uint8Array {
  const values = tensor.data();
  if (values.length !== sizeOf(tensor.shape)) {
    throw new CheckpointError(`It has ${values.length} values, its shape [${tensor.shape.join(', ')}] others.`, {
      where,
      remedy: 'Give values and shape that belong together.',
    });
  }
  if (tensor.dtype !== 'float16') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const floats = values instanceof Float32Array ? values : Float32Array.from(values);
  const bits = encodeFloat16(floats);
  const overflow = bits.findIndex((half, i) => (half & 0x7fff) === 0x7c00 && Number.isFinite(floats[i]));
  if (overflow >= 0) {
    throw new CheckpointError(`Value ${floats[overflow]} at index ${overflow} is too large for float16.`, {
      where,
      remedy: 'Write this tensor as float32.',
    });
  }
  return new Uint8Array(bits.buffer);
}

/** Makes the new name itself durable; Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
