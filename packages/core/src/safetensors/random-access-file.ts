import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CheckpointError } from '../errors.js';

/** The most bytes that one read of the operating system is asked for. */
const LARGEST_READ = 2 ** 30;

/**
 * A file of which ranges are read when they are needed. It holds no descriptor between the reads, so nothing has to be
 * closed, and it notices when the file was replaced or changed in between.
 */
export class RandomAccessFile {
  /** As it was given; it is opened anew for every read. */
  readonly path: string;
  /** Bytes in the file. */
  readonly size: number;
  readonly #stamp: string;

  /** @throws CheckpointError when there is no such file, or it cannot be read */
  constructor(path: string) {
    this.path = path;
    const { size, stamp } = this.#opened((descriptor) => stampOf(descriptor));
    this.size = size;
    this.#stamp = stamp;
  }

  /**
   * `length` bytes from `offset`, in memory of their own.
   *
   * @throws CheckpointError when the range leaves the file, or the file changed since it was opened
   */
  read(offset: number, length: number): Uint8Array {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw new CheckpointError(`Bytes ${offset} to ${offset + length} lie outside the file of ${this.size} bytes.`, {
        where: this.path,
        remedy: 'The file is truncated or corrupt: get it again.',
      });
    }
    return this.#opened((descriptor) => {
      if (stampOf(descriptor).stamp !== this.#stamp) {
        throw new CheckpointError('The file was changed while it was being read.', {
          where: this.path,
          remedy: 'Load it again when nothing writes to it any more.',
        });
      }
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const count = readSync(descriptor, bytes, done, Math.min(LARGEST_READ, length - done), offset + done);
        if (count === 0) throw new Error('unexpected end of file');
        done += count;
      }
      return bytes;
    });
  }

  #opened<T>(use: (descriptor: number) => T): T {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(this.path, 'r');
      return use(descriptor);
    } catch (cause) {
      if (cause instanceof CheckpointError) throw cause;
      throw new CheckpointError(`Cannot read the file: ${cause instanceof Error ? cause.message : String(cause)}.`, {
        where: this.path,
        remedy: 'Check that the path is right, that it is a file, and that you may read it.',
        cause,
      });
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }
}

function stampOf(descriptor: number): { size: number; stamp: string } {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) throw new Error('it is not a regular file');
  return { size: stats.size, stamp: `${stats.ino}:${stats.size}:${stats.mtimeMs}` };
}
