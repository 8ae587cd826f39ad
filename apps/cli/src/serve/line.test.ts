import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Line, LineFull } from './line.js';

const never = (): AbortSignal => new AbortController().signal;

/** Doubles numbers, and keeps what it was given together. 13 fails; it waits where it is told to. */
function doubling(limit: number) {
  const given: (readonly number[])[] = [];
  const gate = { open: (): void => undefined, closed: Promise.resolve() };
  const line = new Line<number, number>(limit, 32, async function* (numbers, signal) {
    given.push(numbers);
    for (const number of numbers) {
      await gate.closed;
      signal.throwIfAborted();
      if (number === 13) throw new Error('13 cannot be doubled.');
      yield 2 * number;
    }
  });
  const close = (): void => void (gate.closed = new Promise((open) => (gate.open = open)));
  return { line, given, gate, close };
}

it('serves who comes first at once, and all who came meanwhile together, each with what is its own', async () => {
  const { line, given, gate, close } = doubling(10);
  close();
  const asked = [[1], [2, 3], [4], Array(29).fill(5) as number[], [6]].map((items) => line.enter(items, never()));
  expect(line.length).toBe(5);
  gate.open();
  expect(await Promise.all(asked)).toEqual([[2], [4, 6], [8], Array(29).fill(10), [12]]);
  expect(given).toEqual([[1], [2, 3, 4, ...(Array(29).fill(5) as number[])], [6]]);
  expect(line.length).toBe(0);
});

it('answers each as soon as its own are done', async () => {
  const { line, gate, close } = doubling(10);
  close();
  const [first, second, third] = [[1], [2], [3, 4]].map((items) => line.enter(items, never()));
  gate.open();
  await first;
  const order: string[] = [];
  await Promise.all([third!.then(() => order.push('third')), second!.then(() => order.push('second'))]);
  expect(order).toEqual(['second', 'third']);
});

it('takes as many items as one request has, and turns away who finds too many waiting', async () => {
  const { line, given, gate, close } = doubling(1);
  close();
  const many = Array.from({ length: 64 }, (_, i) => i + 100);
  const asked = [line.enter([1], never()), line.enter(many, never())];
  await expect(line.enter([2], never())).rejects.toBeInstanceOf(LineFull);
  gate.open();
  await Promise.all(asked);
  expect(given).toEqual([[1], many]);
});

it('fails only whose item fails', async () => {
  const { line, gate, close } = doubling(10);
  close();
  const asked = [[1], [2], [3, 13], [4]].map((items) => line.enter(items, never()));
  gate.open();
  const outcomes = await Promise.allSettled(asked);
  expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'failed'))).toEqual([
    [2],
    [4],
    'failed',
    [8],
  ]);
  expect(await line.enter([5], never())).toEqual([10]);
});

it('computes nothing for those who are gone', async () => {
  const { line, given, gate, close } = doubling(10);
  close();
  const leaving = new AbortController();
  const asked = [line.enter([1], leaving.signal), line.enter([2], leaving.signal), line.enter([3], never())];
  await wait(1);
  leaving.abort(new Error('gone'));
  gate.open();
  const outcomes = await Promise.allSettled(asked);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(given).toEqual([[1], [3]]);
  await expect(line.enter([4], leaving.signal)).rejects.toThrow('gone');
});

it('goes on for those who stay where others of the same turn are gone', async () => {
  const { line, given, gate, close } = doubling(10);
  close();
  const leaving = new AbortController();
  const first = line.enter([1], never());
  const asked = [line.enter([2], leaving.signal), line.enter([3], never())];
  gate.open();
  await first;
  close();
  await wait(1);
  leaving.abort(new Error('gone'));
  gate.open();
  const [gone, answered] = await Promise.allSettled(asked);
  expect([gone!.status, answered!.status]).toEqual(['rejected', 'fulfilled']);
  expect(given).toEqual([[1], [2, 3]]);
});
