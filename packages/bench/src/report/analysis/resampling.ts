/** How often the images are drawn anew. */
export const RESAMPLES = 1000;

/** Seed of the draws: the same study gives the same intervals. */
const SEED = 20240;

/** The middle 95 % of the resampled values. */
const TAIL = 0.025;

/** Numbers from 0 up to but not including 1 (mulberry32 by Tommy Ettinger, public domain). */
export function seededRandom(seed = SEED): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Draws n of n items with replacement, again and again.
 *
 * @returns how often each item is drawn, `[n, RESAMPLES]`
 */
export function drawCounts(n: number, random = seededRandom()): Uint8Array {
  const counts = new Uint8Array(n * RESAMPLES);
  for (let draw = 0; draw < RESAMPLES; draw++) {
    for (let k = 0; k < n; k++) counts[Math.floor(random() * n) * RESAMPLES + draw]! += 1;
  }
  return counts;
}

/** The mean of the values in every draw, [RESAMPLES]. @param counts of `drawCounts(values.length)` */
export function resampledMeans(values: ArrayLike<number>, counts: Uint8Array): Float64Array {
  const sums = new Float64Array(RESAMPLES);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === 0) continue;
    const drawn = counts.subarray(i * RESAMPLES, (i + 1) * RESAMPLES);
    if (value === 1) for (let draw = 0; draw < RESAMPLES; draw++) sums[draw]! += drawn[draw]!;
    else for (let draw = 0; draw < RESAMPLES; draw++) sums[draw]! += value * drawn[draw]!;
  }
  return sums.map((sum) => sum / values.length);
}

/** The percentile interval of resampled values. */
export function interval(values: Float64Array): { readonly low: number; readonly high: number } {
  const sorted = values.slice().sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  return { low: at(TAIL), high: at(1 - TAIL) };
}

/** How probable so large a difference would be where there is none, two-sided: twice the smaller share of draws beyond 0. */
export function pValue(draws: Float64Array): number {
  const below = draws.filter((value) => value <= 0).length;
  const above = draws.filter((value) => value >= 0).length;
  return Math.min(1, (2 * (1 + Math.min(below, above))) / (1 + draws.length));
}

/** Holm's step-down correction of p-values for as many comparisons, in their order. */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const adjusted = new Array<number>(values.length);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (values.length - rank) * values[index]!));
    adjusted[index] = largest;
  });
  return adjusted;
}
