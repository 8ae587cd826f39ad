import yauzl from 'yauzl';
import { CheckpointError, type RandomAccessFile } from '@promptweave/core';
import type { StorageRegion } from './storages.js';

declare module 'yauzl' {
  interface ZipFile {
    /** In yauzl since 3.2; the published types are older. */
    readLocalFileHeader(
      entry: Entry,
      options: { minimal: true },
      callback: (error: Error | null, header: { fileDataStart: number }) => void,
    ): void;
  }
}

/** Members of one archive; the largest CLIP has some hundreds. */
const MOST_MEMBERS = 100_000;

/** yauzl's view of a file; whatever yauzl throws on a strange archive is caught here instead of ending the process. */
class Reader extends yauzl.RandomAccessReader {
  readonly #file: RandomAccessFile;
  readonly #fail: (error: unknown) => void;

  constructor(file: RandomAccessFile, fail: (error: unknown) => void) {
    super();
    this.#file = file;
    this.#fail = fail;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    setImmediate(() => {
      try {
        buffer.set(this.#file.read(position, length), offset);
        callback(null, length);
      } catch (error) {
        this.#fail(error);
      }
    });
  }
}

/**
 * Where the wanted members of a zip archive lie, by name. PyTorch stores tensors and their description uncompressed, so
 * that they can be read in place; a compressed one is refused, and a zip bomb with it.
 *
 * @param wanted names of the members to look at; the others are passed over
 * @throws CheckpointError when the archive is truncated, corrupt, encrypted or compressed, or its members share bytes
 */
export function zipDirectory(file: RandomAccessFile, wanted: RegExp): Promise<Map<string, StorageRegion>> {
  const corrupt = (message: string, cause?: unknown): CheckpointError =>
    new CheckpointError(`Not an archive as torch.save writes it: ${message}.`, {
      where: file.path,
      remedy: 'The file is truncated or corrupt: get it again.',
      cause,
    });
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void =>
      reject(
        error instanceof CheckpointError ? error : corrupt(error instanceof Error ? error.message : String(error)),
      );
    const members = new Map<string, StorageRegion>();
    yauzl.fromRandomAccessReader(new Reader(file, fail), file.size, { lazyEntries: true }, (error, zip) => {
      if (error) return fail(error);
      if (zip.entryCount > MOST_MEMBERS) return fail(corrupt(`it lists ${zip.entryCount} members`));
      zip.on('error', fail);
      zip.on('end', () => {
        const [first, second] = overlapping(members) ?? [];
        if (first === undefined) return resolve(members);
        fail(corrupt(`the members ${JSON.stringify(first)} and ${JSON.stringify(second)} lie over each other`));
      });
      zip.on('entry', (entry: yauzl.Entry) => {
        const { fileName, compressionMethod, uncompressedSize, compressedSize } = entry;
        if (!wanted.test(fileName)) return zip.readEntry();
        const member = `member ${JSON.stringify(fileName)}`;
        if (compressionMethod !== 0 || entry.isEncrypted())
          return fail(corrupt(`${member} is compressed or encrypted`));
        if (compressedSize !== uncompressedSize) return fail(corrupt(`${member} has two sizes`));
        if (members.has(fileName)) return fail(corrupt(`there are two of ${member}`));
        zip.readLocalFileHeader(entry, { minimal: true }, (problem, header) => {
          if (problem) return fail(problem);
          members.set(fileName, { start: header.fileDataStart, length: uncompressedSize });
          zip.readEntry();
        });
      });
      zip.readEntry();
    });
  });
}

/** Names of the first two members that share bytes. */
function overlapping(members: ReadonlyMap<string, StorageRegion>): [string, string] | undefined {
  const ordered = [...members].sort(([, a], [, b]) => a.start - b.start);
  for (let i = 1; i < ordered.length; i++) {
    const [[before, { start, length }], [after, region]] = [ordered[i - 1]!, ordered[i]!];
    if (region.start < start + length) return [before, after];
  }
  return undefined;
}
