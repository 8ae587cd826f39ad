import { describe, expect, it } from 'vitest';
import { sourceFromValue } from '@promptweave/core/experiment';
import { beginningsOf } from './beginnings.js';
import type { Candidate } from './promote.js';
import { readSearch } from './search-section.js';
import type { Point } from './dimensions.js';

const search = readSearch(
  sourceFromValue({ search: { sampler: 'tpe', startup: 4, round: 3, budget: { cells: 20 } } }),
)!;
const points = new Map<string, Point>(Array.from({ length: 40 }, (_, i) => [`c${i}`, { rate: 10 ** (-4 + i / 10) }]));
const fresh = (id: string): Candidate => ({ id, curve: new Map(), closed: false });
const best = 20;
/** Accuracy of a cell after an epoch: the first epoch prefers others than the third. */
const value = (i: number, epoch: number): number => 1 - Math.abs(i - (epoch === 1 ? 35 : best)) / 40;
const tried = (i: number, epochs: readonly number[]): Candidate => ({
  ...{ id: `c${i}`, closed: false, limit: epochs.at(-1)! },
  curve: new Map(epochs.map((epoch) => [epoch, value(i, epoch)])),
});
const all = (known: readonly Candidate[]): Candidate[] =>
  [...points.keys()].map((id) => known.find((cell) => cell.id === id) ?? fresh(id));

describe('what a search begins', () => {
  it('is a part of the grid without order at first, and within its budget', () => {
    const first = beginningsOf(all([]), points, search, [1, 3], 20);
    expect(first).toHaveLength(4);
    expect(first).not.toEqual(['c0', 'c1', 'c2', 'c3']);
    expect(beginningsOf(all([]), points, search, [1, 3], 20)).toEqual(first);
    expect(beginningsOf(all([]), points, search, [1, 3], 2)).toHaveLength(2);
    expect(beginningsOf(all([]), points, search, [1, 3], -1)).toEqual([]);
    const inOrder = readSearch(sourceFromValue({ search: {} }))!;
    expect(beginningsOf(all([]), points, inOrder, [1, 3], 2)).toEqual(['c0', 'c1']);
  });

  it('follows the last rung that enough cells have reached', () => {
    const one = [2, 9, 17, 23, 30, 38].map((i) => tried(i, [1]));
    const near = (chosen: readonly string[], at: number): number =>
      Math.min(...chosen.map((id) => Math.abs(Number(id.slice(1)) - at)));
    const early = beginningsOf(all(one), points, search, [1, 3], 20);
    expect(early).toHaveLength(3);
    expect(near(early, 35)).toBeLessThanOrEqual(4);
    const two = [2, 9, 17, 23, 30, 38].map((i) => tried(i, [1, 3]));
    expect(near(beginningsOf(all(two), points, search, [1, 3], 20), best)).toBeLessThanOrEqual(3);
    const few = [...one.slice(0, 4), ...two.slice(4)]; // two at the third epoch are not enough
    expect(beginningsOf(all(few), points, search, [1, 3], 20)).toEqual(early);
  });
});
