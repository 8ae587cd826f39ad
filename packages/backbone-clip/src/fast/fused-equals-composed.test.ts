import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attend, attendBackward } from './attention.js';
import { activate } from './folded-activation.js';
import * as fusing from './fused.js';
import { mergeHeads, splitHeads } from './heads.js';
import { standardise, standardiseBackward, standardiseSum } from './layer-norm.js';
import { addApplied } from './rows.js';

const RUNS = { seed: 20260501, numRuns: 60 };

/** Widths of no, one and several vectors of 16; enough rows now and then for several threads. */
const rows = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(700, 1201));
const width = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(128, 512));

const present = tf.getKernel('PromptweaveAddProduct', tf.getBackend()) !== undefined;

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(tf.memory().numTensors).toBe(tensors);
});

describe.runIf(present)('the fused operations compute what is composed without them:', () => {
  it('sums, standardised rows and activations', () => {
    fc.assert(
      fc.property(rows, width, width, fc.nat(), (n, from, to, seed) =>
        tf.tidy(() => {
          const draw = drawFrom(seed);
          const [x, y] = [draw(n, to), draw(n, from)] as tf.Tensor2D[];
          const linear = { weight: draw(from, to) as tf.Tensor2D, bias: draw(to) as tf.Tensor1D };
          compare(() => [addApplied(x!, y!, linear)]);
          compare(() => Object.values(standardise(x!)));
          compare(() => Object.values(standardiseSum(x!, y!, linear)));
          compare(() => Object.values(activate(y!, linear, 'silu', true)));
          compare(() => [activate(y!, linear, 'silu', false).value]);
          const [residual, d] = [draw(n, to), draw(n, to)] as tf.Tensor2D[];
          compare(() => [standardiseBackward(residual!, d!, standardise(x!))]);
        }),
      ),
      RUNS,
    );
  });

  it('heads of a prefix and of the sequences after it, and back', () => {
    const small = fc.integer({ min: 1, max: 5 });
    const depth = fc.constantFrom(1, 7, 16, 24, 64);
    fc.assert(
      fc.property(
        small,
        fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(400)),
        small,
        small,
        depth,
        fc.nat(),
        (count, length, prefix, heads, d, seed) =>
          tf.tidy(() => {
            const draw = drawFrom(seed);
            const first = { start: 0, count: 1, length: prefix };
            const last = { start: prefix, count, length };
            const size = prefix + count * length;
            const [one, two, three] = [1, 2, 3].map((parts) => draw(size, parts * heads * d)) as tf.Tensor2D[];
            const bias = draw(3 * heads * d) as tf.Tensor1D;
            const ofFirst = () => splitHeads(three!, first, { heads, parts: 3, bias });
            const ofLast = () => splitHeads(three!, last, { heads, parts: 3, prefix, bias });
            compare(ofFirst);
            compare(ofLast);
            compare(() => [mergeHeads([ofFirst(), ofLast()], [first, last])]);
            compare(() => splitHeads(one!, last, { heads, parts: 1 }));
            compare(() => [mergeHeads([splitHeads(two!, last, { heads, parts: 2, prefix })], [last])]);
          }),
      ),
      RUNS,
    );
  });

  it('attention, masked for all sequences, for each, and not at all', () => {
    const small = fc.integer({ min: 1, max: 4 });
    const keys = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(64, 199));
    fc.assert(
      fc.property(
        small,
        small,
        keys,
        keys,
        fc.constantFrom('none', 'one', 'each'),
        fc.nat(),
        (h, c, lq, lk, masks, seed) =>
          tf.tidy(() => {
            const draw = drawFrom(seed);
            const [q, k, v, dMixed] = [
              draw(h, c, lq, 8),
              draw(h, c, lk, 8),
              draw(h, c, lk, 8),
              draw(h, c, lq, 8),
            ] as tf.Tensor4D[];
            const unseen = (...shape: number[]) =>
              tf.mul(-1e9, tf.cast(tf.greater(tf.randomUniform(shape, 0, 1, 'float32', seed), 0.6), 'float32'));
            const mask = { none: () => undefined, one: () => unseen(lq, lk), each: () => unseen(c, lq, lk) }[masks]();
            const heads = { q: tf.mul<tf.Tensor4D>(q!, 0.3), k: k!, v: v! }; // weights other than 0 and 1
            compare(() => Object.values(attend(heads, mask)));
            compare(() => Object.values(attendBackward(dMixed!, attend(heads, mask).weights, heads)));
          }),
      ),
      RUNS,
    );
  });

  it('what is not a number stays so', () => {
    tf.tidy(() => {
      const x = tf.tensor2d([[NaN, 1, 2]]);
      const linear = { weight: tf.eye(3), bias: tf.zeros<tf.Rank.R1>([3]) };
      expect(standardise(x).standard.arraySync()).toEqual([[NaN, NaN, NaN]]);
      expect(activate(x, linear, 'silu', false).value.arraySync()).toEqual([[NaN, NaN, NaN]]);
    });
  });
});

/** Draws tensors of normal numbers, other ones each time. */
function drawFrom(seed: number): (...shape: number[]) => tf.Tensor {
  let next = seed;
  return (...shape) => tf.randomNormal(shape, 0, 1, 'float32', ++next);
}

/** Fused and composed values, equal to 1e-5 of the largest, or of 1: gradients that cancel out are nearly 0. */
function compare(compute: () => tf.Tensor[]): void {
  tf.tidy(() => {
    const found = compute();
    const without = vi.spyOn(fusing, 'fused').mockReturnValue(undefined);
    const expected = compute();
    without.mockRestore();
    found.forEach((value, i) => {
      expect(value.shape).toEqual(expected[i]!.shape);
      const largest = tf.max(tf.abs(expected[i]!)).arraySync() as number;
      const difference = tf.max(tf.abs(tf.sub(value, expected[i]!))).arraySync() as number;
      expect(difference).toBeLessThanOrEqual(1e-5 * Math.max(largest, 1));
    });
  });
}
