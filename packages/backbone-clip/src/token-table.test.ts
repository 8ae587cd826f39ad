import * as tf from '@tensorflow/tfjs-core';
import { hostTensor } from '@promptweave/core';
import { expect, it } from 'vitest';
import { tokenTable } from './token-table.js';

const values = Float32Array.from({ length: 12 }, (_, i) => i);
const whole = hostTensor(values, [4, 3]);

it('reads rows when they are asked for, together, each once, and never the table', () => {
  const read: number[][] = [];
  const table = tokenTable({
    ...whole,
    data: () => expect.unreachable('the whole table was read'),
    rows: (numbers) => {
      read.push([...numbers]);
      return Float32Array.from(numbers.flatMap((row) => [...values.subarray(3 * row, 3 * row + 3)]));
    },
  });
  const rows = [2, 0, 2, 3].map((row) => [3 * row, 3 * row + 1, 3 * row + 2]);
  for (const _ of [1, 2]) {
    const found = table.rows([2, 0, 2, 3]);
    expect(found.arraySync()).toEqual(rows);
    found.dispose();
  }
  expect(read).toEqual([[0, 2, 3], []]);
});

it('looks through a whole table without keeping it, in one reading', () => {
  const count = 5000;
  const read: number[] = [];
  const table = tokenTable({
    ...hostTensor(new Float32Array(count), [count, 1]),
    rows: (numbers) => {
      read.push(numbers.length);
      return Float32Array.from(numbers);
    },
  });
  const numbers = Array.from({ length: count }, (_, i) => (i * 7) % count);
  for (const _ of [1, 2]) {
    const found = table.rows(numbers);
    expect([...found.dataSync()]).toEqual(numbers);
    found.dispose();
  }
  expect(read).toEqual([count, count]);
});

it('holds a table that cannot be read by rows, and frees it', () => {
  const tensors = tf.memory().numTensors;
  const table = tokenTable(whole);
  const found = table.rows([3, 3]);
  expect(found.arraySync()).toEqual([
    [9, 10, 11],
    [9, 10, 11],
  ]);
  tf.dispose([found, table.whole!]);
  expect(tf.memory().numTensors).toBe(tensors);
});
