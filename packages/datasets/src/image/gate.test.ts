import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Gate } from './gate.js';

it('never lets more through together than its bound, and something heavier alone', async () => {
  const gate = new Gate(10);
  let inside: number[] = [];
  const seen: number[][] = [];
  const pass = (weight: number): Promise<void> =>
    gate.pass(weight, async () => {
      inside = [...inside, weight];
      seen.push(inside);
      for (let i = 0; i < 3; i++) await setImmediate();
      inside = inside.toSpliced(inside.indexOf(weight), 1);
    });
  await Promise.all([4, 5, 3, 30, 10, 1, 1, 9, 2].map(pass));
  expect(seen).toHaveLength(9);
  for (const weights of seen) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    expect(total <= 10 || weights.length === 1, String(weights)).toBe(true);
  }
  expect(Math.max(...seen.map((weights) => weights.length))).toBeGreaterThan(1);
});

it('lets the next one in where one fails', async () => {
  const gate = new Gate(1);
  const failing = gate.pass(1, () => Promise.reject(new Error('this one')));
  const next = gate.pass(1, () => Promise.resolve('in'));
  await expect(failing).rejects.toThrow('this one');
  expect(await next).toBe('in');
});
