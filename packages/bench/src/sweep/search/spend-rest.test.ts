import { expect, it } from 'vitest';
import { spendTheRest, type CostedCandidate } from './spend-rest.js';

/** A cell of 9 epochs with 10 steps each. */
const cell = (id: string, limit: number | undefined, accuracy = 0.5, loss = 1): CostedCandidate => {
  const epochs = limit === undefined ? 0 : Math.min(limit, 9);
  return {
    ...{ id, steps: 10 * epochs, epochs: 9, closed: limit === Infinity, ...(limit !== undefined && { limit }) },
    curve: new Map(Array.from({ length: epochs }, (_, i) => [i + 1, accuracy])),
    losses: new Map(Array.from({ length: epochs }, (_, i) => [i + 1, loss])),
  };
};
const low = (count: number): CostedCandidate[] => Array.from({ length: count }, (_, i) => cell(`low ${i}`, 1, 0.1));

it('goes on with the next best of the last rung, up to a third of the steps of the grid', () => {
  // 18 cells of 90 steps: a third is 540; 12 + 4 · 3 + 2 · 9 epochs are 420 steps.
  const searched = [
    ...[cell('done', Infinity, 0.9), cell('done, too', Infinity, 0.8)],
    ...[cell('a', 3, 0.5), cell('b', 3, 0.7), cell('c', 3, 0.5, 0.4), cell('d', 3, 0.2)],
    ...low(12),
  ];
  expect(spendTheRest(searched)).toEqual([
    { id: 'b', limit: Infinity },
    { id: 'c', limit: Infinity },
  ]);
  expect(spendTheRest(searched, 480)).toEqual([{ id: 'b', limit: Infinity }]);
  expect(spendTheRest(searched, 420)).toEqual([]);
});

it('lets data sets take turns', () => {
  const of = (group: string, scores: number[]): CostedCandidate[] =>
    scores.map((score, i) => ({ ...cell(`${group}${i}`, 3, score), group }));
  const searched = [...of('easy', [0.8, 0.9]), ...of('hard', [0.2, 0.1])];
  expect(spendTheRest(searched, 300).map(({ id }) => id)).toEqual(['easy1', 'hard0', 'easy0']);
});

it('does nothing where nothing is known, or nothing is left', () => {
  expect(spendTheRest([])).toEqual([]);
  expect(spendTheRest([cell('a', undefined), cell('b', undefined)])).toEqual([]);
  expect(spendTheRest([cell('a', Infinity), cell('b', Infinity), cell('c', undefined)])).toEqual([]);
});
