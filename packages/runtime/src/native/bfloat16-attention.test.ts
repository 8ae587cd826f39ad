import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { distance, drawing, guardTensors, isLeftOut, leftOut, run } from './bfloat16.test.support.js';

guardTensors();
const draw = drawing();

/** Sums in float32 in another order; now and then one of the operands in between is rounded to the other side. */
const SAME = 5e-4;

describe(`attention in bfloat16${leftOut}`, () => {
  const test = it.skipIf(isLeftOut);

  // Queries, keys and their width within, at and beyond blocks of 16 and 32; the last for several threads.
  test.each([
    [1, 1, 1, 1, 3],
    [2, 3, 5, 9, 8],
    [1, 2, 16, 16, 16],
    [2, 1, 17, 33, 31],
    [1, 3, 32, 64, 32],
    [2, 2, 33, 31, 64],
    [1, 1, 3, 70, 130],
    [1, 1, 100, 2, 40],
    [12, 4, 197, 199, 64],
  ])('is that of rounded operands: %i heads of %i sequences, %i queries, %i keys, width %i', (h, c, lq, lk, d) => {
    for (const shape of [[], [lq, lk], [c, lq, lk]]) {
      tf.tidy(() => {
        const [q, k, v, dMixed] = [draw(h, c, lq, d), draw(h, c, lk, d), draw(h, c, lk, d), draw(h, c, lq, d)];
        const scaled = tf.div(q, Math.sqrt(d));
        const mask = shape.length > 0 ? tf.mul(-1e9, tf.cast(tf.greater(draw(...shape), 0.5), 'float32')) : undefined;
        const [weights, mixed] = attend(scaled, k, v, mask);
        const scores = tf.matMul(rounded(scaled), rounded(k), false, true);
        const expected = tf.softmax(mask ? tf.add(scores, mask) : scores);
        expect(distance(weights!, expected)).toBeLessThan(1e-5);
        expect(distance(mixed!, tf.matMul(rounded(weights!), rounded(v)))).toBeLessThan(1e-5);

        const [dq, dk, dv] = run('Bfloat16AttentionBackward', [dMixed, weights!, scaled, k, v]);
        const dWeights = tf.matMul(rounded(dMixed), rounded(v), false, true);
        const dScores = rounded(tf.mul(weights!, tf.sub(dWeights, tf.sum(tf.mul(dWeights, weights!), -1, true))));
        expect(distance(dq!, tf.matMul(dScores, rounded(k)))).toBeLessThan(SAME);
        expect(distance(dk!, tf.matMul(dScores, rounded(scaled), true))).toBeLessThan(SAME);
        expect(distance(dv!, tf.matMul(rounded(weights!), rounded(dMixed), true))).toBeLessThan(1e-5);
      });
    }
  });

  test('gives a head the same bits, whatever others stand beside it', () => {
    tf.tidy(() => {
      const [q, k, v, d] = [draw(3, 4, 50, 24), draw(3, 4, 60, 24), draw(3, 4, 60, 24), draw(3, 4, 50, 24)];
      const [weights, mixed] = attend(q, k, v);
      const gradients = run('Bfloat16AttentionBackward', [d, weights!, q, k, v]);
      const cut = (tensor: tf.Tensor): tf.Tensor => tf.slice(tensor, [2, 1, 0, 0], [1, 1, -1, -1]);
      const alone = attend(cut(q), cut(k), cut(v));
      const ofAlone = run('Bfloat16AttentionBackward', [cut(d), alone[0]!, cut(q), cut(k), cut(v)]);
      const both = [weights!, mixed!, ...gradients].map((tensor) => cut(tensor).dataSync());
      expect([...alone, ...ofAlone].map((tensor) => tensor.dataSync())).toEqual(both);
    });
  });

  test('keeps what is not a number in the rows that see it', () => {
    tf.tidy(() => {
      const q = tf.tensor4d([1, NaN, 2, 3], [1, 1, 4, 1]);
      const [, mixed] = attend(q, tf.ones([1, 1, 3, 1]), tf.tensor4d([1, 2, 3], [1, 1, 3, 1]));
      const [first, second, ...others] = mixed!.dataSync();
      expect(second).toBeNaN();
      expect([first, ...others]).toEqual([2, 2, 2].map((value) => expect.closeTo(value, 2) as number));
    });
  });

  test('refuses what does not fit together', () => {
    tf.tidy(() => {
      const [q, k] = [draw(2, 3, 4, 8), draw(2, 3, 5, 8)];
      expect(() => attend(q, draw(2, 3, 5, 9), k)).toThrow(/keys do not fit the queries/);
      expect(() => attend(q, k, q)).toThrow(/input 2 has not 240 numbers/);
      expect(() => attend(q, k, k, draw(4, 4))).toThrow(/mask does not fit the scores/);
      expect(() => attend(q, k, k, draw(5, 4, 5))).toThrow(/mask does not fit the scores/);
      expect(() => run('Bfloat16AttentionBackward', [q, q, q, k, k])).toThrow(/input 1 has not 120 numbers/);
      expect(() => run('Bfloat16AttentionBackward', [q, q, q, draw(2, 3, 5, 9), k])).toThrow(
        /keys do not fit the queries/,
      );
    });
  });
});

function attend(q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, mask?: tf.Tensor): tf.Tensor[] {
  return run('Bfloat16Attention', mask ? [q, k, v, mask] : [q, k, v], { masks: mask ? 1 : 0 });
}

/** The numbers as bfloat16 has them: of its 24 bits of fraction the upper 8, rounded to the nearest, even ones half-way. */
function rounded(tensor: tf.Tensor): tf.Tensor {
  const words = new Uint32Array(Float32Array.from(tensor.dataSync()).buffer);
  const bits = words.map((word) => (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000);
  return tf.tensor(new Float32Array(bits.buffer), tensor.shape);
}
