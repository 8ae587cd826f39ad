import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { softmax } from './maths.js';
import { composed, differentiableProgram, type NamedTensors } from './program.js';

let tensors: number;
beforeEach(() => void (tensors = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

/** Two outputs, of which the second depends on a part of the inputs. */
const compute = ({ w, b, x }: NamedTensors): [tf.Tensor2D, tf.Tensor] => {
  const y: tf.Tensor2D = softmax(tf.add(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), b!));
  return [y, tf.mean(tf.mul(tf.square(x!), 0.3), 0)];
};

it('gives the values and gradients of what it is composed of, to the bit, and none where there are none', () => {
  for (let step = 0; step < 5; step++) {
    tf.tidy(() => {
      const [w, b, x] = [
        tf.randomNormal([3, 5], 0, 1, 'float32', step + 1),
        tf.randomNormal([5], 0, 1, 'float32', step + 2),
        tf.randomNormal([4, 3], 0, 1, 'float32', step + 3),
      ];
      const run = (both: boolean) => {
        const { value, grads } = tf.valueAndGrads((...[ofW, ofB, ofX]: tf.Tensor[]) => {
          const [first, second] = differentiableProgram('test', { w: ofW!, b: ofB!, x: ofX! }, compute);
          const used = tf.sum(tf.mul(first, tf.range(0, 5)));
          return both ? tf.add(used, tf.sum(tf.mul(second, tf.tensor1d([1, 2, 3])))) : used;
        })([w, b, x], tf.scalar(0.7));
        return [value, ...grads].map((tensor) => [...tensor.dataSync()]);
      };
      for (const both of [true, false]) expect(run(both)).toEqual(composed(() => run(both)));
      const plain = () => compute({ w, b, x })[0].dataSync();
      expect(differentiableProgram('test', { w, b, x }, compute)[0].dataSync()).toEqual(plain());
    });
  }
});

it('leaves the gradients around it alone', () => {
  for (let step = 0; step < 3; step++) {
    tf.tidy(() => {
      const slope = tf.grad((x) => {
        const before = tf.mul(x, 2);
        const [inside] = differentiableProgram('cube', { before }, ({ before: y }) => [tf.mul(y!, tf.square(y!))]);
        return tf.mul(inside, tf.add(x, 1)); // 8 x⁴ + 8 x³
      })(tf.scalar(3));
      expect(slope.dataSync()[0]).toBe(32 * 27 + 24 * 9);
    });
  }
});

it('lets no gradient through constants, as a program and composed', () => {
  const slope = (): number =>
    tf.tidy(() => {
      const learned = (x: tf.Tensor): tf.Tensor => {
        const inputs = { x };
        const constants = { half: tf.mul(x, 0.5) }; // moves with x, and counts as a constant
        return differentiableProgram('with a constant', inputs, ({ x: y, half }) => [tf.mul(y!, half!)], constants)[0]!;
      };
      return tf.grad(learned)(tf.scalar(3)).dataSync()[0]!;
    });
  for (let step = 0; step < 3; step++) expect([slope(), composed(slope)]).toEqual([1.5, 1.5]);
});
