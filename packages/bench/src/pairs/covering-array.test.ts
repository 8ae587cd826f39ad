import { expect, it } from 'vitest';
import { coveringArray, hasPair, pairsOf } from './covering-array.test.support.js';

const factors = [
  ['a', 'b', 'c'],
  ['x', 'y'],
  ['1', '2', '3'],
];

it('knows every pair', () => {
  expect(pairsOf(factors)).toHaveLength(3 * 2 + 3 * 3 + 2 * 3);
});

it('has every pair in an allowed row, with fewer rows than there are', () => {
  const { rows, refused } = coveringArray(factors, () => true);
  expect(refused).toEqual([]);
  expect(rows.length).toBeLessThan(18);
  for (const pair of pairsOf(factors)) expect(rows.some((row) => hasPair(row, pair))).toBe(true);
});

it('tells a pair as refused only where no allowed row has it', () => {
  const { rows, refused } = coveringArray(factors, ([a, x, n]) => a !== 'b' || (x === 'y' && n !== '3'));
  expect(refused.map(({ pair }) => pair.options.join(''))).toEqual(['bx', 'b3']);
  expect(refused.map(({ row }) => row.join(''))).toEqual(['bx1', 'bx3']);
  for (const pair of pairsOf(factors)) {
    const isRefused = refused.some(({ pair: { options } }) => options.join() === pair.options.join());
    expect(rows.some((row) => hasPair(row, pair))).toBe(!isRefused);
  }
});
