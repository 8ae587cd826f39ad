import { describe, expect, it } from 'vitest';
import { shuffled } from './order.js';

const items = Array.from({ length: 50 }, (_, i) => i);

describe('shuffled', () => {
  it('keeps every item and repeats itself for the same seed and epoch', () => {
    expect(shuffled(items, 1, 0).sort((a, b) => a - b)).toEqual(items);
    expect(shuffled(items, 1, 3)).toEqual(shuffled(items, 1, 3));
  });

  it('orders every epoch and every seed differently', () => {
    const orders = [shuffled(items, 1, 0), shuffled(items, 1, 1), shuffled(items, 2, 0), items];
    expect(new Set(orders.map((order) => order.join()))).toHaveLength(4);
  });

  it('puts every item everywhere about equally often', () => {
    const firsts = new Map<number, number>();
    for (let epoch = 0; epoch < 4000; epoch++) {
      const first = shuffled([0, 1, 2, 3], 1, epoch)[0]!;
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    for (const count of firsts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(firsts.size).toBe(4);
  });
});
