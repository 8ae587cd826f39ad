import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { Blocks } from './image-blocks.js';

const input = () => tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [5, 2]);
const doubled = [2, 4, 6, 8, 10, 12, 14, 16, 18, 20];

it('gives every block the same shape, and cuts off what was filled up', () => {
  const seen: number[][] = [];
  const blocks = new Blocks<tf.Tensor2D>(2, (block) => {
    seen.push(block.shape);
    return tf.mul(block, 2);
  });
  const rows = input();
  const outcome = blocks.run(rows);
  expect(outcome.shape).toEqual([5, 2]);
  expect([...outcome.dataSync()]).toEqual(doubled);
  expect(seen).toEqual([...Array(4)].map(() => [2, 2])); // the first one shows that the place does not matter
  tf.dispose([rows, outcome]);
});

it('computes entries one by one where their place in a block matters', () => {
  const seen: number[][] = [];
  const blocks = new Blocks<tf.Tensor2D>(4, (block) => {
    seen.push(block.shape);
    const places = tf.reshape(tf.range(0, block.shape[0]), [-1, 1]);
    return tf.add(tf.mul(block, 2), tf.mul(places, 1e-6)) as tf.Tensor2D;
  });
  const rows = input();
  const outcome = blocks.run(rows);
  expect([...outcome.dataSync()]).toEqual(doubled);
  expect(seen).toEqual([[4, 2], ...[...Array(5)].map(() => [1, 2])]);
  tf.dispose([rows, outcome]);
});

it('computes a single entry once, with the bits that it has among others', () => {
  let computed = 0;
  const weights = tf.randomNormal<tf.Rank.R2>([6, 5], 0, 1, 'float32', 3);
  const make = () =>
    new Blocks<tf.Tensor2D>(4, (block) => {
      computed += 1;
      return tf.matMul(block, weights);
    });
  const rows = tf.randomNormal<tf.Rank.R2>([3, 6], 0, 1, 'float32', 4);
  const together = make().run(rows);
  computed = 0;
  const blocks = make();
  const single = [0, 1, 2].map((i) => blocks.run(tf.slice(rows, [i, 0], [1, -1])));
  expect(computed).toBe(3);
  expect([...tf.concat(single).dataSync()]).toEqual([...together.dataSync()]);
});

it('has nothing to test in blocks of one', () => {
  const seen: number[][] = [];
  const blocks = new Blocks<tf.Tensor2D>(1, (block) => {
    seen.push(block.shape);
    return tf.mul(block, 2);
  });
  expect([...tf.tidy(() => blocks.run(input())).dataSync()]).toEqual(doubled);
  expect(seen).toEqual([...Array(5)].map(() => [1, 2]));
});

it('leaves nothing behind', () => {
  const images = tf.ones<tf.Rank.R4>([3, 3, 2, 2]);
  const blocks = new Blocks<tf.Tensor4D>(2, (block) => tf.reshape(block, [-1, 12]));
  const before = tf.memory().numTensors;
  blocks.run(images).dispose();
  expect(tf.memory().numTensors).toBe(before);
  images.dispose();
});
