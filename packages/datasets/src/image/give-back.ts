import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of pixels from which on they are worth it. */
const MUCH = 32 * 2 ** 20;

let collectGarbage: (() => void) | undefined;

/**
 * Gives the memory of pixels that are no longer used back, where they were many. The engine does so only when it has a reason in its own heap, in
 * which pixels do not lie, so that a row of large photos would hold several at a time.
 *
 * @param bytes of the pixels that a task is done with
 */
export function giveBack(bytes: number): void {
  if (bytes < MUCH) return;
  if (!collectGarbage) {
    setFlagsFromString('--expose-gc');
    collectGarbage = runInNewContext('gc') as () => void;
  }
  collectGarbage();
}
