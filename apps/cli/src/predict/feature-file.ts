import { open, type FileHandle } from 'node:fs/promises';
import { extname } from 'node:path';
import { ConfigError, hostTensor, writeSafetensors } from '@promptweave/core';

/** Keeps the embedding of each image, in the order of the output; a row of NaN for one that cannot be read. */
export interface FeatureFile {
  add(image: string, embedding: Float32Array | undefined): Promise<void>;
  /** Ends the file; it has as many rows as were added. */
  close(): Promise<void>;
}

/**
 * A file for `rows` embeddings of `width` values: NumPy's `.npy`, or `.safetensors` with a tensor `features` and the images' names as JSON
 * under `images`.
 * @throws ConfigError where the name has another ending
 */
export async function featureFile(path: string, rows: number, width: number): Promise<FeatureFile> {
  const ending = extname(path).toLowerCase();
  if (ending === '.npy') return npyFile(await open(path, 'w'), rows, width);
  if (ending === '.safetensors') return safetensorsFile(path, rows, width);
  throw new ConfigError(`Features are written as .npy or .safetensors, not as "${ending || path}".`, {
    where: '--features',
    remedy: 'Name such a file, e.g. features.npy.',
  });
}

async function npyFile(file: FileHandle, rows: number, width: number): Promise<FeatureFile> {
  const head = npyHeader([rows, width]);
  await file.writeFile(head);
  let added = 0;
  const missing = new Float32Array(width).fill(NaN);
  return {
    add: async (_, { buffer, byteOffset, byteLength } = missing) => {
      await file.writeFile(Buffer.from(buffer, byteOffset, byteLength));
      added += 1;
    },
    close: async () => {
      if (added < rows) await file.write(npyHeader([added, width], head.length), 0, head.length, 0);
      await file.close();
    },
  };
}

/** Version 1.0 of NumPy's format, little-endian float32. @param least bytes that it takes */
export function npyHeader(shape: readonly number[], least = 0): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const MAGIC = 10; // \x93NUMPY, version, length
  const length = Math.max(least, Math.ceil((MAGIC + text.length + 1) / 64) * 64);
  const padded = text.padEnd(length - MAGIC - 1) + '\n';
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length & 255, padded.length >> 8]);
  return Buffer.concat([start, Buffer.from(padded, 'latin1')]);
}

function safetensorsFile(path: string, rows: number, width: number): FeatureFile {
  const values = new Float32Array(rows * width).fill(NaN);
  const images: string[] = [];
  return {
    add: (image, embedding) => {
      if (embedding) values.set(embedding, images.length * width);
      images.push(image);
      return Promise.resolve();
    },
    close: () =>
      writeSafetensors(
        path,
        new Map([['features', hostTensor(values.subarray(0, images.length * width), [images.length, width])]]),
        { images: JSON.stringify(images) },
      ),
  };
}
