import type { ImageItem } from '@promptweave/core';
import { hasMoreFrames } from '../image/more-frames.js';
import { counted, named } from '../readers/left-out.js';

/** Files that are looked at at a time. */
const PARALLEL = 8;

/** Says of which images only the first frame or page is read, or undefined where all of each is read. */
export async function noteOnFrames(items: readonly ImageItem[]): Promise<string | undefined> {
  const more: boolean[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) more[i] = await hasMoreFrames(items[i].where ?? items[i].id);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  const names = items
    .filter((_, i) => more[i])
    .map(({ id }) => id)
    .sort();
  if (names.length === 0) return undefined;
  const [have, first] = names.length === 1 ? ['has', 'the first'] : ['have', 'the first of each'];
  return `${counted(names.length, 'image')} ${have} several frames or pages; ${first} is read: ${named(names)}.`;
}
