import { ConfigError } from '@promptweave/core';
import type { Range, Sample } from './grid.js';

/** The primes that are the bases of the Halton sequence's dimensions. */
const PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/** The digits of `index` in a base, mirrored at the point: van der Corput's sequence. */
export function radicalInverse(index: number, base: number): number {
  let result = 0;
  for (let [rest, scale] = [index, 1 / base]; rest > 0; rest = Math.floor(rest / base), scale /= base) {
    result += (rest % base) * scale;
  }
  return result;
}

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Points of a sample: random ones, or those of a Halton sequence shifted by the seed (Cranley–Patterson rotation).
 * @throws ConfigError where there are more ranges than the sequence has bases
 */
export function samplePoints({ count, method, seed, ranges }: Sample): Record<string, number>[] {
  const random = uniform(seed);
  const paths = Object.entries(ranges);
  if (method === 'halton' && paths.length > PRIMES.length) {
    throw new ConfigError(`A halton sample has at most ${PRIMES.length} ranges; there are ${paths.length}.`, {
      where: 'grid.sample.ranges',
      remedy: 'Write method: random.',
    });
  }
  const shifts = paths.map(() => random());
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(
      paths.map(([path, range], dimension) => {
        const base = PRIMES[dimension]!;
        const position = method === 'random' ? random() : (radicalInverse(index + 1, base) + shifts[dimension]!) % 1;
        return [path, place(position, range)];
      }),
    ),
  );
}

/** The value at a position in [0, 1) of a range, with 6 significant digits, or the whole number below it. */
function place(position: number, { from, to, scale, whole }: Range): number {
  const end = whole ? to + 1 : to;
  const value = scale === 'log' ? from * (end / from) ** position : from + position * (end - from);
  return whole ? Math.min(to, Math.floor(value)) : Number(value.toPrecision(6));
}
