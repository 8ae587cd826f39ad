import { bytesToDecode } from './bytes-to-decode.js';
import { Gate } from './gate.js';
import { BYTES_AT_ONCE } from './limits.js';

/** Files that are in memory at a time. */
const FILES_AT_ONCE = 8;
const files = new Gate(FILES_AT_ONCE);
const pixels = new Gate(BYTES_AT_ONCE);

/** Loads a file and decodes it when there is room for both: memory does not grow with the number of images that are asked for. */
export function inTurn<T>(load: () => Promise<Uint8Array>, decode: (file: Uint8Array) => Promise<T>): Promise<T> {
  return files.pass(1, async () => {
    const file = await load();
    return pixels.pass(await bytesToDecode(file), () => decode(file));
  });
}
