import { hashSeed } from '../model/maths.js';

/**
 * A seeded random order of the items. It depends on seed and epoch alone, so an interrupted epoch can go on in its middle.
 *
 * @returns a new array
 */
export function shuffled<T>(items: readonly T[], seed: number, epoch: number): T[] {
  const random = mulberry32(hashSeed(seed, `order of epoch ${epoch}`));
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Tommy Ettinger's 32-bit generator: numbers in [0, 1) from a 32-bit state. */
function mulberry32(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
