import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { diskErrorOr } from './disk-space.js';
import type { OnProgress } from './progress.js';
import { brokenWheel, type WheelInformation, type WheelSource } from './wheel-source.js';

/** A file of an installation: its size in bytes and its SHA-256 (hexadecimal). */
export interface InstalledFile {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Writes the wanted files of a wheel into a folder, checking each against the wheel's RECORD as it streams by.
 *
 * @param wanted from the path in the wheel to the path under `folder`
 * @returns what was written, by path under `folder`
 * @throws BackendError where a file is missing, damaged, or the disk is full
 */
export async function extractFiles(
  wheel: WheelSource,
  information: WheelInformation,
  wanted: ReadonlyMap<string, string>,
  folder: string,
  onProgress: OnProgress,
): Promise<Record<string, InstalledFile>> {
  const sizes = await Promise.all([...wanted.keys()].map((file) => wheel.size(file)));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const written: Record<string, InstalledFile> = {};
  let done = 0;
  for (const [source, target] of wanted) {
    const hash = createHash('sha256');
    const before = done;
    const measure = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        hash.update(chunk);
        done += chunk.length;
        onProgress({ step: 'extract', message: basename(wheel.where), fraction: done / total });
        yield chunk;
      }
    };
    const path = join(folder, target);
    await mkdir(dirname(path), { recursive: true });
    try {
      await pipeline(await wheel.open(source), measure, createWriteStream(path));
    } catch (cause) {
      throw diskErrorOr(cause, folder, () => brokenWheel(wheel.where, `${source} in it cannot be unpacked`, cause));
    }
    const digest = hash.digest();
    if (digest.toString('base64url') !== information.hashes.get(source)) {
      throw brokenWheel(wheel.where, `${source} in it does not have the SHA-256 that its RECORD gives`);
    }
    written[target] = { bytes: done - before, sha256: digest.toString('hex') };
  }
  return written;
}

/** SHA-256 of a file, hexadecimal. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
