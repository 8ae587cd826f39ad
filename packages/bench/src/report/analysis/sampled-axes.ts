import { groupBy } from './group-by.js';

/** Parts of a sampled range, and values that it has at least. */
export const PARTS = 4;

/**
 * Whether the values of an axis are points of a range and not choices of a grid: numbers, of which hardly two are found with everything
 * else equal.
 *
 * @param valueOf the axis's value in a row
 * @param othersOf all else that the row chooses, as a key
 */
export function isSampled<Row>(
  rows: readonly Row[],
  valueOf: (row: Row) => unknown,
  othersOf: (row: Row) => string,
): boolean {
  const own = rows.filter((row) => typeof valueOf(row) === 'number');
  const count = (group: readonly Row[]): number => new Set(group.map(valueOf)).size;
  const most = [...groupBy(own, othersOf).values()].reduce((largest, group) => Math.max(largest, count(group)), 0);
  return count(own) >= PARTS && most < count(own) / 2;
}

/** Names of equal parts of some numbers: `0.001 to 0.004` for those from 0.001 to 0.004, smallest first. */
export function partsOf(numbers: readonly number[]): ReadonlyMap<number, string> {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const parts = groupBy([...sorted.entries()], ([i]) => Math.floor((i * PARTS) / sorted.length));
  const named = [...parts.values()].flatMap((part) => {
    const shown = [part[0]!, part.at(-1)!].map(([, value]) => String(Number(value.toPrecision(3))));
    return part.map(([, value]) => [value, [...new Set(shown)].join(' to ')] as const);
  });
  return new Map(named);
}
