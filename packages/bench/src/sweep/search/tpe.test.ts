import { describe, expect, it } from 'vitest';
import { samplePoints } from '../low-discrepancy.js';
import { dimensionsOf } from './dimensions.js';
import type { Point } from './dimensions.js';
import { nextByTpe, type Observation } from './tpe.js';

/** Least value that a search of so many points finds. */
function search(
  pool: readonly Point[],
  value: (point: Point) => number,
  budget: number,
  start: number,
  round = 1,
): number {
  const left = [...pool];
  const found: Observation[] = [];
  const observe = (i: number): void => {
    const [point] = left.splice(i, 1);
    found.push({ point: point!, value: -value(point!) });
  };
  for (let i = 0; i < start; i++) observe(0);
  while (found.length < budget) {
    for (const i of nextByTpe(left, found, round).sort((a, b) => b - a)) observe(i);
  }
  return Math.min(...found.map((observation) => -observation.value));
}

/** Points of [0, 1)², evenly spread. */
const spread = (count: number, seed: number): { u: number; v: number }[] => {
  const range = { from: 0, to: 1, scale: 'linear', whole: false } as const;
  return samplePoints({ count, method: 'halton', seed, ranges: { u: range, v: range } }) as { u: number; v: number }[];
};

/** Branin (1972): three optima of 0.397887. */
const branin = ({ x, y }: Point): number => {
  const [a, b] = [x as number, y as number];
  const inner = b - (5.1 * a * a) / (4 * Math.PI ** 2) + (5 * a) / Math.PI - 6;
  return inner ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(a) + 10;
};

describe('TPE', () => {
  const pools = [1, 2, 3].map((seed) => spread(800, seed).map(({ u, v }) => ({ x: -5 + 15 * u, y: 15 * v })));

  it('finds the optimum of Branin, where as many points of the sequence do not', () => {
    const optima = pools.map((pool) => Math.min(...pool.map(branin))); // a little above 0.398: the pool is finite
    const missed = (values: readonly number[]): number =>
      values.reduce((sum, value, i) => sum + value - optima[i]!, 0) / values.length;
    expect(Math.max(...optima)).toBeLessThan(0.6);
    expect(missed(pools.map((pool) => search(pool, branin, 60, 10)))).toBeLessThan(0.15);
    expect(missed(pools.map((pool) => Math.min(...pool.slice(0, 60).map(branin))))).toBeGreaterThan(0.6);
  });

  it('finds it, too, where points are chosen four at a time, which are apart', () => {
    const found = pools.map((pool) => search(pool, branin, 60, 12, 4));
    expect(found.reduce((a, b) => a + b) / found.length).toBeLessThan(0.9);
    const observations = pools[0]!.slice(0, 12).map((point) => ({ point, value: -branin(point) }));
    const chosen = nextByTpe(pools[0]!.slice(12), observations, 4);
    expect(new Set(chosen).size).toBe(4);
  });

  it('chooses among parts, and counts the options of a part for it alone', () => {
    // The best is b at 0.3; a has no rate at all and is fair, c is bad everywhere.
    const pool: Point[] = spread(300, 1).map(({ u, v }) =>
      u < 1 / 3 ? { use: 'a' } : { use: u < 2 / 3 ? 'b' : 'c', rate: 10 ** (4 * v - 4) },
    );
    const value = ({ use, rate }: Point): number =>
      use === 'a' ? 0.5 : use === 'c' ? 1 : Math.abs(Math.log10((rate as number) / 0.03)) / 4;
    expect(search(pool, value, 40, 8)).toBeLessThan(0.03);
  });

  it('takes numbers by their logarithm where they span decades, and few of them as choices', () => {
    const [rate, depth, use] = dimensionsOf(
      [0.001, 0.01, 0.1, 1].map((number, i) => ({ rate: number, depth: i % 2, use: ['a', 'b', 'c', 'd'][i], same: 1 })),
    );
    expect(rate).toMatchObject({ path: 'rate', kind: 'number' });
    expect(rate!.kind === 'number' && rate!.unit(0.01)).toBeCloseTo(1 / 3, 12);
    expect(depth).toEqual({ path: 'depth', kind: 'choice', size: 2 });
    expect(use).toEqual({ path: 'use', kind: 'choice', size: 4 });
    const [linear] = dimensionsOf([2, 4, 8, 10].map((batch) => ({ batch })));
    expect(linear!.kind === 'number' && linear!.unit(4)).toBeCloseTo(0.25, 12);
  });

  it('takes whatever is left, and decides the same each time', () => {
    const pool = pools[0]!.slice(0, 5);
    const observations = pools[1]!.slice(0, 6).map((point) => ({ point, value: -branin(point) }));
    expect(nextByTpe(pool, observations, 9).sort()).toEqual([0, 1, 2, 3, 4]);
    expect(nextByTpe(pool, observations, 3)).toEqual(nextByTpe(pool, observations, 3));
    expect(nextByTpe(pool, [], 2)).toHaveLength(2);
    expect(nextByTpe([], observations, 2)).toEqual([]);
  });
});
