import type { ImagePolicy } from './image-policy.js';
import { Gate } from './gate.js';
import { giveBack } from './give-back.js';
import { readHeader, type ImageHeader } from './header.js';
import { MOST_BYTES_TOGETHER } from './limits.js';

/** Bytes of the files that are in memory at a time. */
const MOST_FILE_BYTES = 64 * 2 ** 20;
const files = new Gate(MOST_FILE_BYTES);
const pixels = new Gate(MOST_BYTES_TOGETHER);

/** A file that is decoded when there is room for it. */
export interface WaitingFile {
  /** Bytes of the file. */
  size(): Promise<number>;
  load(): Promise<Uint8Array>;
  readonly policy: ImagePolicy;
}

/**
 * Loads a file and decodes it when there is room for both: memory does not grow with the number of images that are asked for, nor from one large
 * image to the next.
 *
 * @param decode is done with the pixels when its promise settles; gets no header where that cannot be read, and says why
 */
export async function inTurn<T>(
  { size, load, policy }: WaitingFile,
  decode: (file: Uint8Array, header?: ImageHeader) => Promise<T>,
): Promise<T> {
  return files.pass(await size(), async () => {
    const file = await load();
    const header = await readHeader(file, policy).catch(() => undefined);
    const cost = header?.cost ?? 0;
    return pixels.pass(cost, () => decode(file, header).finally(() => giveBack(cost)));
  });
}

/** Runs what copies pixels that are decoded already, when there is room for so many bytes. */
export function withPixels<T>(bytes: number, work: () => Promise<T>): Promise<T> {
  return pixels.pass(bytes, work);
}
