import * as tf from '@tensorflow/tfjs-core';
import { seededNormal, type PromptedText } from '@promptweave/core';
import { composed, forgetPrograms } from '@promptweave/core/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClipComputation } from './clip-backbone.js';
import { PE_FORM, SIGLIP_FORM } from './clip-form.js';
import { hasBfloat16, pack, unpacked } from './fast/frozen-matrix.js';
import * as fusing from './fast/fused.js';
import { randomClip, type RandomClipOptions } from './random-clip.js';
import { randomTuning, type TuningChoice } from './random-tuning.test.support.js';

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(tf.memory().numTensors).toBe(tensors);
});

const clipOf = (width: number, computation?: Partial<ClipComputation>) =>
  randomClip(
    {
      seed: 4,
      vision: { width, layers: 3, heads: 2, imageSize: 8, patchSize: 4 },
      text: { width, layers: 3, heads: 2, contextLength: 14 },
      embedding: 16,
      vocabulary: 60,
    },
    { fast: true, recompute: false, ...computation },
  );

it('takes bfloat16 where it can and auto leaves it the choice, and float32 otherwise', () => {
  const taken = (computation: Partial<ClipComputation>) => {
    const clip = clipOf(12, computation);
    clip.dispose();
    return clip.precision;
  };
  expect(taken({})).toBe('float32');
  expect(taken({ precision: 'auto' })).toBe(hasBfloat16() ? 'bfloat16' : 'float32');
  expect(taken({ precision: 'auto', fast: false })).toBe('float32');
  expect(taken({ precision: 'bfloat16', fast: false })).toBe('float32');
});

const rows = (name: string, ...shape: number[]): tf.Tensor => seededNormal(shape, 0.5, 6, name);

const layers = ['q', 'k', 'v', 'o', 'up', 'down'] as const;
const everything: TuningChoice = {
  blocks: { 1: { ln1: 'both', ln2: 'both', biases: layers, branches: layers, adapter: true } },
  ...{ input: true, lnPre: undefined, lnPost: 'both' },
};

/** Features of both towers with prompts and tuned blocks, and the gradients of what is learned. */
function outcome(width: number, computation: Partial<ClipComputation>): Float32Array[] {
  const clip = clipOf(width, computation);
  const tuning = [5, 6].map((seed) => randomTuning(everything, width, seed));
  const values = tf.tidy(() => {
    const drawn = tuning.map((one) => one.draw());
    const learned = [rows('prefix', 3, width), rows('branches', 5, width), rows('shallow', 2, width), ...drawn.flat()];
    const images = seededNormal([2, 3, 8, 8], 1, 7, 'images') as tf.Tensor4D;
    const compute = (...given: tf.Tensor[]): tf.Tensor => {
      const [prefix, branches, shallow, ...tuned] = given as tf.Tensor2D[];
      const first = drawn[0]!.length;
      const text: PromptedText = {
        ...{ prefix: prefix!, branches: branches!, lengths: [2, 3], deep: [] },
        roles: [4, 5].map((end) => ({ name: [], end })),
      };
      return tf.concat([
        clip.encodeText(text, { tuning: tuning[0]!.build(tuned.slice(0, first)) }).features,
        clip.encodeImages(images, { shallow: shallow!, deep: [] }, { tuning: tuning[1]!.build(tuned.slice(first)) }),
        clip.encodeText(text).features,
        clip.encodeImages(images),
      ]);
    };
    const gradients = tf.grads((...given) => {
      const value = compute(...given);
      return tf.sum(tf.mul(value, seededNormal(value.shape, 1, 8, 'weights')));
    })(learned);
    return [compute(...learned), ...gradients].map((tensor) => tensor.dataSync<'float32'>().slice());
  });
  clip.dispose();
  return values;
}

/** ‖a − b‖ / ‖b‖ of all numbers. */
function distance(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  const norm = (of: (i: number, j: number) => number): number =>
    Math.hypot(...b.map((values, i) => Math.hypot(...values.map((_, j) => of(i, j)))));
  return norm((i, j) => a[i]![j]! - b[i]![j]!) / norm((i, j) => b[i]![j]!);
}

/** Operands of 8 bits are off by up to 2⁻⁹ each; some dozens of products follow one another. */
const NEAR = 0.05;

/** Sums in another order are off by less, but now and then an operand is rounded to the other side. */
const SAME = 0.004;

/** Multiplies rounded operands in float32 instead. */
function inFloat32(): void {
  const { fused } = fusing;
  const rounded = (x: tf.Tensor): tf.Tensor4D =>
    tf.reshape(unpacked(pack(tf.reshape(x, [-1, x.shape.at(-1)!]))), x.shape as [number, number, number, number]);
  const weightOf = (packed: tf.Tensor, inputs: number, outputs: number): tf.Tensor2D =>
    unpacked({ packed: packed as tf.Tensor1D, shape: [inputs, outputs] });
  const ways: Record<string, (inputs: tf.Tensor[], attributes: Record<string, number>) => tf.Tensor[]> = {
    Bfloat16Product: ([x, packed], { rows, columns, transposed }) => {
      return [tf.matMul(rounded(x!), weightOf(packed!, rows!, columns!), false, transposed === 1)];
    },
    Bfloat16MlpAndSlope: ([x, up, bias, down], { width, hidden }) => {
      const z: tf.Tensor2D = tf.add(tf.matMul(rounded(x!), weightOf(up!, width!, hidden!)), bias!);
      const gate = tf.sigmoid(z);
      const value = tf.mul(z, gate);
      const slope = tf.add(gate, tf.mul(value, tf.sub(1, gate)));
      return [tf.matMul(rounded(value), weightOf(down!, hidden!, width!)), slope];
    },
    Bfloat16Mlp: (inputs, attributes) => ways.Bfloat16MlpAndSlope!(inputs, attributes).slice(0, 1),
    Bfloat16MlpBackward: ([d, slope, up, down], { width, hidden }) => {
      const dHidden = tf.mul(tf.matMul(rounded(d!), weightOf(down!, hidden!, width!), false, true), slope!);
      return [tf.matMul(rounded(dHidden), weightOf(up!, width!, hidden!), false, true)];
    },
    Bfloat16Attention: ([q, k, v, mask]) => {
      const scores = tf.matMul(rounded(q!), rounded(k!), false, true);
      const weights = tf.softmax(mask ? tf.add(scores, mask) : scores);
      return [weights, tf.matMul(rounded(weights), rounded(v!))];
    },
    Bfloat16AttentionBackward: ([d, weights, q, k, v]) => {
      const dWeights = tf.matMul(rounded(d!), rounded(v!), false, true);
      const dScores = tf.mul(weights!, tf.sub(dWeights, tf.sum(tf.mul(dWeights, weights!), -1, true)));
      return [
        tf.matMul(rounded(dScores), rounded(k!)),
        tf.matMul(rounded(dScores), rounded(q!), true),
        tf.matMul(rounded(weights!), rounded(d!), true),
      ];
    },
  };
  vi.spyOn(fusing, 'fused').mockImplementation((name, inputs, attributes) => {
    const way = ways[name];
    if (!way) return fused(name, inputs, attributes);
    return tf.tidy(() => way([...inputs], attributes as Record<string, number>)) as never;
  });
}

const side = (width: number) => ({ width, layers: 3, heads: 3, imageSize: 12, patchSize: 4 });

describe('in bfloat16 (left out where the CPU has no such products)', () => {
  // Widths of whole blocks of 32, and others.
  it.skipIf(!hasBfloat16()).each([32, 64, 12, 40])(
    'towers of width %i compute what they do in float32, nearly',
    (width) => {
      const exact = outcome(width, {});
      const found = outcome(width, { precision: 'bfloat16' });
      expect(found.map(({ length }) => length)).toEqual(exact.map(({ length }) => length));
      expect(distance([found[0]!], [exact[0]!])).toBeLessThan(NEAR);
      expect(distance(found.slice(1), exact.slice(1))).toBeLessThan(NEAR);
      expect(distance(found, exact)).toBeGreaterThan(1e-5); // it is not float32
      expect(outcome(width, { precision: 'bfloat16', recompute: true })).toEqual(found);
      inFloat32();
      expect(distance(found, outcome(width, { precision: 'bfloat16' }))).toBeLessThan(SAME);
    },
  );

  // No class token, texts that see all of themselves, a pooling head; and rows that are turned by their place, with heads of 20.
  const others: Record<string, RandomClipOptions> = {
    SigLIP: {
      ...{ seed: 4, embedding: 24, vocabulary: 60, activation: 'gelu-tanh', form: SIGLIP_FORM, startToken: false },
      ...{ vision: { ...side(24), classToken: false, pooling: 'attention' as const } },
      text: { ...{ width: 24, layers: 3, heads: 3, contextLength: 14 }, attention: 'full', reads: 'last' },
    },
    'PE-Core': {
      ...{ seed: 4, embedding: 16, vocabulary: 60, activation: 'gelu', form: PE_FORM },
      ...{ vision: { ...side(40), heads: 2, pooling: 'attention' as const } },
      text: { width: 40, layers: 3, heads: 2, contextLength: 14 },
    },
  };
  it.skipIf(!hasBfloat16()).each(Object.keys(others))('a %s computes what it does in float32, nearly', (name) => {
    const outcomeIn = (precision: 'float32' | 'bfloat16', recompute = false): Float32Array[] => {
      const clip = randomClip(others[name]!, { fast: true, recompute, precision });
      const { width } = others[name]!.vision;
      const values = tf.tidy(() => {
        const images = seededNormal([2, 3, 12, 12], 1, 7, 'images') as tf.Tensor4D;
        const features = (prompt: tf.Tensor) => clip.encodeImages(images, { shallow: prompt as tf.Tensor2D, deep: [] });
        const gradient = tf.grad((prompt) =>
          tf.sum(tf.mul(features(prompt), seededNormal([2, clip.shape.embedding], 1, 8, 'weights'))),
        );
        const prompt = rows('shallow', 2, width);
        return [features(prompt), gradient(prompt)].map((tensor) => tensor.dataSync<'float32'>().slice());
      });
      clip.dispose();
      return values;
    };
    const [exact, found] = [outcomeIn('float32'), outcomeIn('bfloat16')];
    for (const i of [0, 1]) {
      expect(distance([found[i]!], [exact[i]!])).toBeLessThan(NEAR);
      expect(distance([found[i]!], [exact[i]!])).toBeGreaterThan(1e-5);
    }
    expect(outcomeIn('bfloat16', true)).toEqual(found);
  });

  it.skipIf(!hasBfloat16())('programs of both precisions are told apart, and give the bits of what is composed', () => {
    forgetPrograms();
    for (const width of [32, 40]) {
      const [exact, found] = composed(() => [outcome(width, {}), outcome(width, { precision: 'bfloat16' })]);
      for (let time = 0; time < 4; time++) {
        expect(outcome(width, {})).toEqual(exact);
        expect(outcome(width, { precision: 'bfloat16' })).toEqual(found);
      }
    }
  });

  it.skipIf(!hasBfloat16())('published weights are the rounded ones', () => {
    const [exact, rounded] = [clipOf(40), clipOf(40, { precision: 'bfloat16' })];
    const [one, other] = [exact.publishedVision!(), rounded.publishedVision!()];
    for (const [name, tensor] of one.tensors) {
      const [expected, found] = [tensor, other.tensors.get(name)!].map((of) =>
        Float32Array.from(of.data() as Float32Array),
      );
      expect(distance([found!], [expected!]), name).toBeLessThan(0.005);
    }
    exact.dispose();
    rounded.dispose();
  });

  it.skipIf(!hasBfloat16())('every product of whole blocks is one of bfloat16, and nothing is added', () => {
    const [exact, found] = [operationsOf({}), operationsOf({ precision: 'bfloat16' })];
    // Of each tower two blocks of two layers besides the MLP, and of the last one, which is read, queries apart from keys and values; both ways.
    const products = 2 * 2 * (2 * 2 + 3);
    expect(found.get('PromptweaveBfloat16Product')).toBe(products);
    const mlps = 2 * 3;
    expect(found.get('PromptweaveBfloat16MlpAndSlope')).toBe(mlps);
    expect(found.get('PromptweaveBfloat16MlpBackward')).toBe(mlps);
    // Of the whole blocks: texts are two groups, prefix and branches, images one.
    const attentions = 2 * (2 + 1);
    expect(found.get('PromptweaveBfloat16Attention')).toBe(attentions);
    expect(found.get('PromptweaveBfloat16AttentionBackward')).toBe(attentions);
    expect(found.get('BatchMatMul')! + products + mlps * (2 + 2) + attentions * (2 + 4)).toBe(exact.get('BatchMatMul'));
    const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b);
    expect(total(found) + mlps * (3 - 1 + 3 - 1) + attentions * (3 - 1 + 5 - 1)).toBe(total(exact));
  });
});

/** How often each operation is called in a forward and a backward pass of both towers, with prompts at their input. */
function operationsOf(computation: Partial<ClipComputation>): ReadonlyMap<string, number> {
  const clip = clipOf(64, computation);
  const images = seededNormal([2, 3, 8, 8], 1, 7, 'images') as tf.Tensor4D;
  const prompts = [rows('prefix', 3, 64), rows('branches', 5, 64), rows('shallow', 2, 64)] as tf.Tensor2D[];
  const pass = tf.grads((...given) => {
    const [prefix, branches, shallow] = given as tf.Tensor2D[];
    const roles = [4, 5].map((end) => ({ name: [], end }));
    const text = { prefix: prefix!, branches: branches!, lengths: [2, 3], deep: [], roles };
    const ofImages = clip.encodeImages(images, { shallow: shallow!, deep: [] });
    return tf.add(tf.sum(clip.encodeText(text).features), tf.sum(ofImages));
  });
  const counts = new Map<string, number>();
  const runKernel = vi.spyOn(tf.engine(), 'runKernel');
  tf.dispose(composed(() => pass(prompts)));
  for (const [name] of runKernel.mock.calls) counts.set(name, (counts.get(name) ?? 0) + 1);
  runKernel.mockRestore();
  tf.dispose([images, prompts] as tf.TensorContainer);
  clip.dispose();
  return counts;
}
